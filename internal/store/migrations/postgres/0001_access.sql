-- Who may use the gateway. Times are microseconds since 1970 UTC, 0 for none.
-- The schema for SQLite is the same with other types: keep them together. Text
-- is ordered by its bytes, whatever the locale of the database.

-- +goose Up
CREATE TABLE generations (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO generations (name, value) VALUES ('access', 1);

CREATE TABLE applications (
    id                  TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name                TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 63),
    owner               TEXT COLLATE "C" NOT NULL CHECK (length(owner) <= 200),
    environment         TEXT COLLATE "C" NOT NULL CHECK (environment IN ('dev', 'test', 'prod')),
    data_class          TEXT COLLATE "C" NOT NULL CHECK (data_class IN ('public', 'internal', 'confidential', 'restricted')),
    policy              TEXT COLLATE "C" NOT NULL CHECK (length(policy) <= 128),
    refusal             TEXT COLLATE "C" NOT NULL CHECK (refusal IN ('error', 'content_filter')),
    mode                TEXT COLLATE "C" NOT NULL CHECK (mode IN ('enforce', 'observe')),
    models              TEXT COLLATE "C" NOT NULL CHECK (length(models) <= 16384), -- JSON array of patterns
    requests_per_minute BIGINT NOT NULL CHECK (requests_per_minute BETWEEN 0 AND 1000000),
    max_concurrent      BIGINT NOT NULL CHECK (max_concurrent BETWEEN 0 AND 1000000),
    created             BIGINT NOT NULL
);

CREATE TABLE keys (
    id                  TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    application         TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    prefix              TEXT COLLATE "C" NOT NULL CHECK (length(prefix) <= 64),
    hash                BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    label               TEXT COLLATE "C" NOT NULL CHECK (length(label) <= 200),
    requests_per_minute BIGINT NOT NULL CHECK (requests_per_minute BETWEEN 0 AND 1000000),
    max_concurrent      BIGINT NOT NULL CHECK (max_concurrent BETWEEN 0 AND 1000000),
    created             BIGINT NOT NULL,
    expires             BIGINT NOT NULL,
    revoked             BIGINT NOT NULL
);
CREATE INDEX keys_application ON keys (application, created, id);
