-- Administrative acts on their way into the ledger.

-- +goose Up
CREATE TABLE admin_acts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    application TEXT NOT NULL CHECK (length(application) <= 64),
    actor       TEXT NOT NULL CHECK (length(actor) <= 200),
    payload     TEXT NOT NULL CHECK (length(payload) <= 32768), -- JSON
    moved       INTEGER NOT NULL DEFAULT 0 -- when it was written to the ledger
) STRICT;
CREATE INDEX admin_acts_pending ON admin_acts (id) WHERE moved = 0;
