-- Confirmed attacks: sketches, never texts. Rows that ended stay a while, so that
-- nodes learn of it and people can ask. There is no foreign key: history outlives
-- applications.

-- +goose Up
INSERT INTO generations (name, value) VALUES ('threats', 1);

CREATE TABLE threats (
    id          TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    application TEXT COLLATE "C" NOT NULL CHECK (length(application) <= 64),
    category    TEXT COLLATE "C" NOT NULL CHECK (category IN ('injection', 'jailbreak')),
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('observed', 'active', 'suspended', 'expired', 'removed')),
    source      TEXT COLLATE "C" NOT NULL CHECK (length(source) <= 128),
    note        TEXT COLLATE "C" NOT NULL CHECK (length(note) <= 500),
    sketch      BYTEA NOT NULL CHECK (length(sketch) BETWEEN 17 AND 4096),
    digest      BYTEA NOT NULL CHECK (length(digest) = 16), -- of the sketch: exact copies
    added_by    TEXT COLLATE "C" NOT NULL CHECK (length(added_by) <= 200),
    added       BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    changed     BIGINT NOT NULL, -- generation of the last change
    changed_at  BIGINT NOT NULL,
    hits        BIGINT NOT NULL,
    last_hit    BIGINT NOT NULL
);
CREATE INDEX threats_changed ON threats (changed);
CREATE INDEX threats_digest ON threats (digest);
CREATE INDEX threats_ended ON threats (changed_at) WHERE state IN ('expired', 'removed');

-- +goose Down
DROP TABLE threats;
DELETE FROM generations WHERE name = 'threats';
