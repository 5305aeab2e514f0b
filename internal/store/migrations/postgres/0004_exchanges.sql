-- A projection of the ledger, which is the truth: it can be emptied and rebuilt.

-- +goose Up
CREATE TABLE projections (
    name     TEXT COLLATE "C" PRIMARY KEY,
    position BIGINT NOT NULL -- sequence of the next ledger entry to project
);
INSERT INTO projections (name, position) VALUES ('exchanges', 0);

CREATE TABLE exchanges (
    request          TEXT COLLATE "C" PRIMARY KEY CHECK (length(request) BETWEEN 1 AND 128),
    application      TEXT COLLATE "C" NOT NULL CHECK (length(application) <= 64),
    access_key       TEXT COLLATE "C" NOT NULL CHECK (length(access_key) <= 64),
    subject          TEXT COLLATE "C" NOT NULL CHECK (length(subject) <= 128),
    route            TEXT COLLATE "C" NOT NULL CHECK (length(route) <= 128),
    model            TEXT COLLATE "C" NOT NULL CHECK (length(model) <= 200),
    upstream         TEXT COLLATE "C" NOT NULL CHECK (length(upstream) <= 200),
    policy           TEXT COLLATE "C" NOT NULL CHECK (length(policy) <= 128),
    opened           BIGINT NOT NULL,
    closed           BIGINT NOT NULL,
    opened_entry     BIGINT NOT NULL,
    closed_entry     BIGINT NOT NULL,
    action           TEXT COLLATE "C" NOT NULL CHECK (length(action) <= 16),
    rule             TEXT COLLATE "C" NOT NULL CHECK (length(rule) <= 200),
    answer_action    TEXT COLLATE "C" NOT NULL CHECK (length(answer_action) <= 16),
    answer_rule      TEXT COLLATE "C" NOT NULL CHECK (length(answer_rule) <= 200),
    code             TEXT COLLATE "C" NOT NULL CHECK (length(code) <= 64),
    category         TEXT COLLATE "C" NOT NULL CHECK (length(category) <= 64),
    ending           TEXT COLLATE "C" NOT NULL CHECK (length(ending) <= 32),
    status           BIGINT NOT NULL,
    request_bytes    BIGINT NOT NULL,
    response_bytes   BIGINT NOT NULL,
    request_findings BIGINT NOT NULL,
    answer_findings  BIGINT NOT NULL
);
CREATE INDEX exchanges_opened ON exchanges (opened, request);
CREATE INDEX exchanges_application ON exchanges (application, opened, request);
CREATE INDEX exchanges_subject ON exchanges (subject, opened, request) WHERE subject <> '';
