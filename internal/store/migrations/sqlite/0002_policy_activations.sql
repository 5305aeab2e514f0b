-- Which policy digest was made active where, and by whom. Rows are never
-- changed; the last one of an application and environment is in force. There
-- is no foreign key: history outlives applications.

-- +goose Up
CREATE TABLE policy_activations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    application  TEXT NOT NULL CHECK (length(application) <= 64),
    environment  TEXT NOT NULL CHECK (environment IN ('', 'dev', 'test', 'prod')),
    digest       TEXT NOT NULL CHECK (length(digest) BETWEEN 1 AND 128),
    activated_by TEXT NOT NULL CHECK (length(activated_by) <= 200),
    activated    INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_activations_place ON policy_activations (application, environment, id);
