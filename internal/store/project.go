package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// projectRows is how many rows go into one statement. SQLite allows 32766
// parameters a statement and PostgreSQL 65535; this stays far below both, and a
// larger one is not faster.
const projectRows = 50

// Projected returns the sequence of the next ledger entry that the projection
// wants: everything before it is in.
func (db *DB) Projected(ctx context.Context) (int64, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var n int64
	err := db.read.QueryRowContext(ctx, `SELECT position FROM projections WHERE name = 'exchanges'`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("reading the position of the projection: %w", err)
	}
	return n, nil
}

// ProjectExchanges puts rows, made from the ledger entries from
// [DB.Projected] up to but not including sequence upto, into the projection.
// Rows of one exchange are merged in order; rows without a request id are
// passed over. Rows and position change together or not at all.
//
// When upto is the position already, nothing is done, so a batch may be sent
// again. A lower one is [ErrConflict]: somebody else projects, or the ledger
// was replaced ([DB.ResetProjection]).
func (db *DB) ProjectExchanges(ctx context.Context, upto int64, rows []ExchangeRow) error {
	err := db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// First, so that in PostgreSQL it locks out another projector.
		res, err := tx.ExecContext(ctx, `UPDATE projections SET position = $1 WHERE name = 'exchanges' AND position < $1`, upto)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return atPosition(ctx, tx, upto, err)
		}
		merged := mergeExchanges(rows)
		for len(merged) > 0 {
			n := min(len(merged), projectRows)
			if err := db.upsertExchanges(ctx, tx, merged[:n]); err != nil {
				return err
			}
			merged = merged[n:]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("projecting %d exchanges up to entry %d: %w", len(rows), upto, err)
	}
	return nil
}

// ResetProjection empties the projection, to be rebuilt from entry 0.
func (db *DB) ResetProjection(ctx context.Context) error {
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE projections SET position = 0 WHERE name = 'exchanges'`); err != nil {
			return fmt.Errorf("resetting the projection: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM exchanges`); err != nil {
			return fmt.Errorf("emptying the projection: %w", err)
		}
		return nil
	})
}

// atPosition returns nil when upto is where the projection is.
func atPosition(ctx context.Context, tx *sql.Tx, upto int64, err error) error {
	if err != nil {
		return err
	}
	var at int64
	if err := tx.QueryRowContext(ctx, `SELECT position FROM projections WHERE name = 'exchanges'`).Scan(&at); err != nil {
		return err
	}
	if at != upto {
		return fmt.Errorf("%w: the projection is at entry %d already", ErrConflict, at)
	}
	return nil
}

// mergeExchanges joins the rows of one request, since one statement may not
// touch a row twice in PostgreSQL. The result is in order of first appearance.
func mergeExchanges(rows []ExchangeRow) [][]any {
	var out [][]any
	at := make(map[string]int, len(rows))
	for i := range rows {
		values := make([]any, len(exchangeColumns))
		for j, c := range exchangeColumns {
			values[j] = c.value(&rows[i])
		}
		request := values[0].(string)
		if request == "" {
			continue
		}
		k, seen := at[request]
		if !seen {
			at[request] = len(out)
			out = append(out, values)
			continue
		}
		for j, v := range values {
			if v != "" && v != int64(0) {
				out[k][j] = v
			}
		}
	}
	return out
}

func (db *DB) upsertExchanges(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	args := make([]any, 0, len(rows)*len(exchangeColumns))
	for _, r := range rows {
		args = append(args, r...)
	}
	_, err := tx.ExecContext(ctx, upsertStatement(len(rows), db.postgres), args...)
	return err
}

// upsertStatement inserts n rows; where one exists, its columns take the new
// values that are not zero. PostgreSQL needs numbered parameters; SQLite
// compares every numbered one with every other, which would cost more than all
// the rest.
func upsertStatement(n int, numbered bool) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO exchanges (` + exchangeNames + `) VALUES `)
	for i := range n {
		for j := range exchangeColumns {
			b.WriteString(sep(i, j))
			if numbered {
				b.WriteByte('$')
				b.WriteString(strconv.Itoa(i*len(exchangeColumns) + j + 1))
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	b.WriteString(` ON CONFLICT (request) DO UPDATE SET `)
	zero := ExchangeRow{}
	for j, c := range exchangeColumns[1:] {
		if j > 0 {
			b.WriteString(`, `)
		}
		none := `0`
		if _, ok := c.value(&zero).(string); ok {
			none = `''`
		}
		fmt.Fprintf(&b, `%[1]s = CASE WHEN excluded.%[1]s <> %[2]s THEN excluded.%[1]s ELSE exchanges.%[1]s END`, c.name, none)
	}
	return b.String()
}

// sep is what stands before value j of row i in a VALUES list.
func sep(i, j int) string {
	switch {
	case j > 0:
		return ", "
	case i > 0:
		return ", ("
	}
	return "("
}
