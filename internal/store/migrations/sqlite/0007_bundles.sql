-- Bundles that were imported; their files lie in a folder by digest. Of a name at
-- most one is staged, one active, and one former: what rollback returns to. Rows that
-- ended stay, so that no older version comes in unasked.

-- +goose Up
INSERT INTO generations (name, value) VALUES ('bundles', 1);

CREATE TABLE bundles (
    digest      TEXT PRIMARY KEY CHECK (length(digest) = 64),
    name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
    version     TEXT NOT NULL CHECK (length(version) BETWEEN 1 AND 40),
    state       TEXT NOT NULL CHECK (state IN ('staged', 'active', 'former', 'ended')),
    holds       TEXT NOT NULL CHECK (length(holds) BETWEEN 1 AND 200),
    signed_by   TEXT NOT NULL CHECK (length(signed_by) <= 4000),
    bytes       INTEGER NOT NULL CHECK (bytes > 0),
    created     INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    imported_by TEXT NOT NULL CHECK (length(imported_by) <= 200),
    imported    INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    texts       INTEGER NOT NULL, -- read while staged; the others are of them
    threats     INTEGER NOT NULL,
    signatures  INTEGER NOT NULL,
    compared    INTEGER NOT NULL,
    found_both   INTEGER NOT NULL,
    found_staged INTEGER NOT NULL,
    found_active INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX bundles_version ON bundles (name, version);
CREATE UNIQUE INDEX bundles_staged ON bundles (name) WHERE state = 'staged';
CREATE UNIQUE INDEX bundles_active ON bundles (name) WHERE state = 'active';
CREATE UNIQUE INDEX bundles_former ON bundles (name) WHERE state = 'former';

-- +goose Down
DROP TABLE bundles;
DELETE FROM generations WHERE name = 'bundles';
