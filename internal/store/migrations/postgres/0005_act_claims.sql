-- Which node's log is about to take an act, and until when the others leave it
-- alone.

-- +goose Up
ALTER TABLE admin_acts ADD COLUMN claimed_by TEXT COLLATE "C" NOT NULL DEFAULT '' CHECK (length(claimed_by) <= 200);
ALTER TABLE admin_acts ADD COLUMN claimed_until BIGINT NOT NULL DEFAULT 0;
