-- A projection of the ledger, which is the truth: it can be emptied and rebuilt.

-- +goose Up
CREATE TABLE projections (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL -- sequence of the next ledger entry to project
) STRICT, WITHOUT ROWID;
INSERT INTO projections (name, position) VALUES ('exchanges', 0);

CREATE TABLE exchanges (
    request          TEXT PRIMARY KEY CHECK (length(request) BETWEEN 1 AND 128),
    application      TEXT NOT NULL CHECK (length(application) <= 64),
    access_key       TEXT NOT NULL CHECK (length(access_key) <= 64),
    subject          TEXT NOT NULL CHECK (length(subject) <= 128),
    route            TEXT NOT NULL CHECK (length(route) <= 128),
    model            TEXT NOT NULL CHECK (length(model) <= 200),
    upstream         TEXT NOT NULL CHECK (length(upstream) <= 200),
    policy           TEXT NOT NULL CHECK (length(policy) <= 128),
    opened           INTEGER NOT NULL,
    closed           INTEGER NOT NULL,
    opened_entry     INTEGER NOT NULL,
    closed_entry     INTEGER NOT NULL,
    action           TEXT NOT NULL CHECK (length(action) <= 16),
    rule             TEXT NOT NULL CHECK (length(rule) <= 200),
    answer_action    TEXT NOT NULL CHECK (length(answer_action) <= 16),
    answer_rule      TEXT NOT NULL CHECK (length(answer_rule) <= 200),
    code             TEXT NOT NULL CHECK (length(code) <= 64),
    category         TEXT NOT NULL CHECK (length(category) <= 64),
    ending           TEXT NOT NULL CHECK (length(ending) <= 32),
    status           INTEGER NOT NULL,
    request_bytes    INTEGER NOT NULL,
    response_bytes   INTEGER NOT NULL,
    request_findings INTEGER NOT NULL,
    answer_findings  INTEGER NOT NULL
) STRICT;
CREATE INDEX exchanges_opened ON exchanges (opened, request);
CREATE INDEX exchanges_application ON exchanges (application, opened, request);
CREATE INDEX exchanges_subject ON exchanges (subject, opened, request) WHERE subject <> '';
