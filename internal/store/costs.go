package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Cost is what exchanges of one application, key and model that were opened on one
// day used.
type Cost struct {
	Day         time.Time // its beginning, UTC
	Application string    // id
	Key         string    // id
	Model       string

	Requests     int64 // exchanges, all of them
	Unused       int64 // of them, those that used nothing: refused, or failed before an answer
	InputTokens  int64
	CachedTokens int64 // of InputTokens
	OutputTokens int64
	Money        int64 // micro-units
	GuardMicros  int64 // spent on inspection, in millionths of a second
	Estimated    int64 // exchanges whose tokens the provider did not count
}

// MaxCosts bounds the rows of [DB.Costs].
const MaxCosts = 200_000

// ErrTooMany means that more rows were asked for than one call returns.
var ErrTooMany = errors.New("too many rows")

// dayMicros is a day as times are stored.
const dayMicros = int64(24 * time.Hour / time.Microsecond)

// Costs returns what was used by exchanges opened at or after since and before
// until, by day, application, key and model, in that order; an application id that
// is not empty selects its own. More than [MaxCosts] rows are [ErrTooMany].
func (db *DB) Costs(ctx context.Context, since, until time.Time, application string) ([]Cost, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	rows, err := collect(ctx, db.read, scanCost, `SELECT opened / $1, application, access_key, model, count(*),
			CAST(sum(CASE WHEN usage_source = '' THEN 1 ELSE 0 END) AS BIGINT),
			CAST(sum(input_tokens) AS BIGINT), CAST(sum(cached_tokens) AS BIGINT), CAST(sum(output_tokens) AS BIGINT), CAST(sum(cost) AS BIGINT), CAST(sum(guard_micros) AS BIGINT),
			CAST(sum(CASE WHEN usage_source = 'estimated' THEN 1 ELSE 0 END) AS BIGINT)
		FROM exchanges WHERE opened >= $2 AND opened < $3 AND ($4 = '' OR application = $4)
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT $5`, dayMicros, micros(since), micros(until), clean(application, 64), MaxCosts+1)
	if err == nil && len(rows) > MaxCosts {
		err = fmt.Errorf("%w: more than %d; expected a shorter time or one application", ErrTooMany, MaxCosts)
	}
	if err != nil {
		return nil, fmt.Errorf("adding up costs: %w", err)
	}
	return rows, nil
}

func scanCost(rows *sql.Rows) (c Cost, err error) {
	var day int64
	err = rows.Scan(&day, &c.Application, &c.Key, &c.Model, &c.Requests, &c.Unused, &c.InputTokens, &c.CachedTokens, &c.OutputTokens, &c.Money, &c.GuardMicros, &c.Estimated)
	c.Day = fromMicros(day * dayMicros)
	return c, err
}
