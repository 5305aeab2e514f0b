-- Who may use the gateway. Times are microseconds since 1970 UTC, 0 for none.
-- The schema for PostgreSQL is the same with other types: keep them together.

-- +goose Up
PRAGMA application_id = 1463898692; -- "WARD": see ErrForeign

CREATE TABLE generations (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO generations (name, value) VALUES ('access', 1);

CREATE TABLE applications (
    id                  TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name                TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 63),
    owner               TEXT NOT NULL CHECK (length(owner) <= 200),
    environment         TEXT NOT NULL CHECK (environment IN ('dev', 'test', 'prod')),
    data_class          TEXT NOT NULL CHECK (data_class IN ('public', 'internal', 'confidential', 'restricted')),
    policy              TEXT NOT NULL CHECK (length(policy) <= 128),
    refusal             TEXT NOT NULL CHECK (refusal IN ('error', 'content_filter')),
    mode                TEXT NOT NULL CHECK (mode IN ('enforce', 'observe')),
    models              TEXT NOT NULL CHECK (length(models) <= 16384), -- JSON array of patterns
    requests_per_minute INTEGER NOT NULL CHECK (requests_per_minute BETWEEN 0 AND 1000000),
    max_concurrent      INTEGER NOT NULL CHECK (max_concurrent BETWEEN 0 AND 1000000),
    created             INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    id                  TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    application         TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    prefix              TEXT NOT NULL CHECK (length(prefix) <= 64),
    hash                BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    label               TEXT NOT NULL CHECK (length(label) <= 200),
    requests_per_minute INTEGER NOT NULL CHECK (requests_per_minute BETWEEN 0 AND 1000000),
    max_concurrent      INTEGER NOT NULL CHECK (max_concurrent BETWEEN 0 AND 1000000),
    created             INTEGER NOT NULL,
    expires             INTEGER NOT NULL,
    revoked             INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_application ON keys (application, created, id);
