package store

// chargeSQL is how charges read and write many rows with one statement. Rows are given
// as one parameter, JSON, which each database takes apart in its own way.
//
// In PostgreSQL all who charge lock rows in one order, so that nobody waits in a
// circle: holds, then counters, then groups, each by name. A counter that is missing
// is made by the same statement that locks the others.
type chargeSQL struct {
	holds        string // the open holds of some ids
	counters     string // the counters of some names, those that are there
	allCounters  string // the same; makes those that are missing
	groups       string // how many counters some groups have; makes those that are missing
	putCounters  string
	dropCounters string // those that were made and not used
	putGroups    string
	dropHolds    string
	putHolds     string
	prune        string // counters that ended before a time, but for those in use
}

var chargesInPostgres = &chargeSQL{
	holds:    `SELECT hold FROM budget_holds WHERE id IN (SELECT json_array_elements_text($1::text::json)) ORDER BY id FOR UPDATE`,
	counters: `SELECT name, starts, ends, settled, reserved FROM budget_counters WHERE name IN (SELECT json_array_elements_text($1::text::json)) ORDER BY name FOR UPDATE`,
	allCounters: `INSERT INTO budget_counters (name, "group", starts, ends, settled, reserved)
		SELECT name, "group", 0, 0, 0, 0 FROM json_to_recordset($1::text::json) AS r(name TEXT, "group" TEXT) ORDER BY name COLLATE "C"
		ON CONFLICT (name) DO UPDATE SET settled = budget_counters.settled RETURNING name, starts, ends, settled, reserved`,
	groups: `INSERT INTO budget_groups (name, counters) SELECT name, 0 FROM json_array_elements_text($1::text::json) AS r(name) ORDER BY name COLLATE "C"
		ON CONFLICT (name) DO UPDATE SET counters = budget_groups.counters RETURNING name, counters`,
	putCounters: `UPDATE budget_counters c SET starts = r.starts, ends = r.ends, settled = r.settled, reserved = r.reserved
		FROM json_to_recordset($1::text::json) AS r(name TEXT, starts BIGINT, ends BIGINT, settled BIGINT, reserved BIGINT) WHERE c.name = r.name`,
	dropCounters: `DELETE FROM budget_counters WHERE name IN (SELECT json_array_elements_text($1::text::json))`,
	putGroups: `UPDATE budget_groups g SET counters = r.counters
		FROM json_to_recordset($1::text::json) AS r(name TEXT, counters BIGINT) WHERE g.name = r.name`,
	dropHolds: `DELETE FROM budget_holds WHERE id IN (SELECT json_array_elements_text($1::text::json))`,
	putHolds: `INSERT INTO budget_holds (id, owner, hold)
		SELECT id, owner, hold FROM json_to_recordset($1::text::json) AS r(id TEXT, owner TEXT, hold TEXT) ORDER BY id COLLATE "C"`,
	prune: `DELETE FROM budget_counters WHERE name IN
		(SELECT name FROM budget_counters WHERE ends < $1 AND reserved = 0 ORDER BY name FOR UPDATE SKIP LOCKED)`,
}

// SQLite has one writer, which need not lock rows.
var chargesInSQLite = &chargeSQL{
	holds:    `SELECT hold FROM budget_holds WHERE id IN (SELECT value FROM json_each($1))`,
	counters: `SELECT name, starts, ends, settled, reserved FROM budget_counters WHERE name IN (SELECT value FROM json_each($1))`,
	allCounters: `INSERT INTO budget_counters (name, "group", starts, ends, settled, reserved)
		SELECT value ->> 'name', value ->> 'group', 0, 0, 0, 0 FROM json_each($1) WHERE true
		ON CONFLICT (name) DO UPDATE SET settled = budget_counters.settled RETURNING name, starts, ends, settled, reserved`,
	groups: `INSERT INTO budget_groups (name, counters) SELECT value, 0 FROM json_each($1) WHERE true
		ON CONFLICT (name) DO UPDATE SET counters = budget_groups.counters RETURNING name, counters`,
	putCounters: `UPDATE budget_counters SET starts = r.value ->> 'starts', ends = r.value ->> 'ends', settled = r.value ->> 'settled', reserved = r.value ->> 'reserved'
		FROM json_each($1) AS r WHERE budget_counters.name = r.value ->> 'name'`,
	dropCounters: `DELETE FROM budget_counters WHERE name IN (SELECT value FROM json_each($1))`,
	putGroups:    `UPDATE budget_groups SET counters = r.value ->> 'counters' FROM json_each($1) AS r WHERE budget_groups.name = r.value ->> 'name'`,
	dropHolds:    `DELETE FROM budget_holds WHERE id IN (SELECT value FROM json_each($1))`,
	putHolds:     `INSERT INTO budget_holds (id, owner, hold) SELECT value ->> 'id', value ->> 'owner', value ->> 'hold' FROM json_each($1)`,
	prune:        `DELETE FROM budget_counters WHERE ends < $1 AND reserved = 0`,
}
