-- Administrative acts on their way into the ledger.

-- +goose Up
CREATE TABLE admin_acts (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    application TEXT COLLATE "C" NOT NULL CHECK (length(application) <= 64),
    actor       TEXT COLLATE "C" NOT NULL CHECK (length(actor) <= 200),
    payload     TEXT COLLATE "C" NOT NULL CHECK (length(payload) <= 32768), -- JSON
    moved       BIGINT NOT NULL DEFAULT 0 -- when it was written to the ledger
);
CREATE INDEX admin_acts_pending ON admin_acts (id) WHERE moved = 0;
