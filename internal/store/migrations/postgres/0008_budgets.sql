-- How much was used: counters of budgets, each in its latest window, and what is
-- reserved of them. Times are microseconds since 1970 UTC. And what exchanges used,
-- for the cost report.

-- +goose Up
CREATE TABLE budget_counters (
    name       TEXT COLLATE "C" PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 2560),
    "group"    TEXT COLLATE "C" NOT NULL CHECK (length("group") <= 64), -- whose it is
    starts     BIGINT NOT NULL,
    ends       BIGINT NOT NULL,
    settled    BIGINT NOT NULL CHECK (settled >= 0),
    reserved   BIGINT NOT NULL CHECK (reserved >= 0)
);
CREATE INDEX budget_counters_ends ON budget_counters (ends);

CREATE TABLE budget_groups (
    name     TEXT COLLATE "C" PRIMARY KEY CHECK (length(name) <= 64),
    counters BIGINT NOT NULL CHECK (counters >= 0)
);

CREATE TABLE budget_holds (
    id    TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
    owner TEXT COLLATE "C" NOT NULL CHECK (length(owner) <= 128),
    hold  TEXT COLLATE "C" NOT NULL CHECK (length(hold) <= 1048576) -- JSON
);
CREATE INDEX budget_holds_owner ON budget_holds (owner, id);

ALTER TABLE exchanges ADD COLUMN input_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchanges ADD COLUMN cached_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchanges ADD COLUMN output_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchanges ADD COLUMN cost BIGINT NOT NULL DEFAULT 0; -- micro-units of money
ALTER TABLE exchanges ADD COLUMN guard_micros BIGINT NOT NULL DEFAULT 0; -- time spent on inspection
ALTER TABLE exchanges ADD COLUMN usage_source TEXT COLLATE "C" NOT NULL DEFAULT '' CHECK (length(usage_source) <= 16);

-- The projection is made anew by whichever program comes next: see Rollback.
-- +goose Down
DROP TABLE budget_counters;
DROP TABLE budget_groups;
DROP TABLE budget_holds;
DELETE FROM exchanges;
UPDATE projections SET position = 0 WHERE name = 'exchanges';
ALTER TABLE exchanges DROP COLUMN input_tokens;
ALTER TABLE exchanges DROP COLUMN cached_tokens;
ALTER TABLE exchanges DROP COLUMN output_tokens;
ALTER TABLE exchanges DROP COLUMN cost;
ALTER TABLE exchanges DROP COLUMN guard_micros;
ALTER TABLE exchanges DROP COLUMN usage_source;
