-- Which policy digest was made active where, and by whom. Rows are never
-- changed; the last one of an application and environment is in force. There
-- is no foreign key: history outlives applications.

-- +goose Up
CREATE TABLE policy_activations (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application  TEXT COLLATE "C" NOT NULL CHECK (length(application) <= 64),
    environment  TEXT COLLATE "C" NOT NULL CHECK (environment IN ('', 'dev', 'test', 'prod')),
    digest       TEXT COLLATE "C" NOT NULL CHECK (length(digest) BETWEEN 1 AND 128),
    activated_by TEXT COLLATE "C" NOT NULL CHECK (length(activated_by) <= 200),
    activated    BIGINT NOT NULL
);
CREATE INDEX policy_activations_place ON policy_activations (application, environment, id);
