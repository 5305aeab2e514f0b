package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"warder.example/internal/price"
	"warder.example/internal/store"
)

type costCmd struct {
	storeFlags
	By          []string `help:"What to add up by, in that order: application, key, model, day or month." enum:"application,key,model,day,month" default:"application" sep:","`
	Since       string   `help:"First day, UTC, as 2026-01-31 (default: the first of this month)." placeholder:"DAY"`
	Until       string   `help:"Last day (default: today)." placeholder:"DAY"`
	Application string   `help:"Only of this application, by name or id." placeholder:"NAME"`
	JSON        bool     `name:"json" help:"Print JSON."`
}

// Help says what kong's one-liners cannot.
func (costCmd) Help() string {
	return `Adds up what exchanges used, as it was charged: days are those of UTC, money is in
the currency of the configured prices and 0 for models that have none. ESTIMATED is
how many exchanges the provider did not count, such as streams that were cut. GUARD
is the time spent on inspecting requests and answers.`
}

// costRow is what was used under one combination of values.
type costRow struct {
	Of           map[string]string `json:"of"` // by what was asked for
	Requests     int64             `json:"requests"`
	Unused       int64             `json:"unused"`
	InputTokens  int64             `json:"input_tokens"`
	CachedTokens int64             `json:"cached_tokens"`
	OutputTokens int64             `json:"output_tokens"`
	Money        price.Amount      `json:"money"` // a decimal number, as text
	Estimated    int64             `json:"estimated"`
	GuardMicros  int64             `json:"guard_us"` // spent on inspection, in millionths of a second
}

// costReport is the whole answer.
type costReport struct {
	Since string    `json:"since"` // first day
	Until string    `json:"until"` // last day
	Rows  []costRow `json:"rows"`
	Total costRow   `json:"total"`
}

func (c *costCmd) Run(e *env) error {
	since, until, err := c.days(e.now())
	if err != nil {
		return err
	}
	return c.with(e, func(db *store.DB) error {
		names, only, err := c.applications(e, db)
		if err != nil {
			return err
		}
		costs, err := db.Costs(e.ctx, since, until.AddDate(0, 0, 1), only)
		if errors.Is(err, store.ErrTooMany) {
			return hinted{err, "ask for a shorter time with --since and --until, or for one --application"}
		}
		if err != nil {
			return err
		}
		r := costReport{Since: since.Format(time.DateOnly), Until: until.Format(time.DateOnly), Rows: []costRow{}, Total: costRow{Of: map[string]string{}}}
		r.add(c.By, names, costs)
		if c.JSON {
			return printJSON(e.stdout, r)
		}
		if len(r.Rows) == 0 {
			fmt.Fprintf(e.stderr, "no exchanges from %s to %s\n", r.Since, r.Until)
			return nil
		}
		return printTable(e.stdout, r.table(c.By))
	})
}

// days returns the first and the last day that are asked for.
func (c *costCmd) days(now time.Time) (since, until time.Time, err error) {
	until = now.UTC().Truncate(24 * time.Hour)
	since = time.Date(until.Year(), until.Month(), 1, 0, 0, 0, 0, time.UTC)
	for _, f := range []struct {
		flag, text string
		to         *time.Time
	}{{"--until", c.Until, &until}, {"--since", c.Since, &since}} {
		if f.text == "" {
			continue
		}
		if *f.to, err = time.Parse(time.DateOnly, f.text); err != nil {
			return since, until, fmt.Errorf("%s is %.40q; expected a day such as 2026-01-31", f.flag, f.text)
		}
	}
	if c.Since == "" && since.After(until) {
		since = time.Date(until.Year(), until.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	if since.After(until) {
		return since, until, fmt.Errorf("--since is %s, after %s; expected an earlier day", since.Format(time.DateOnly), until.Format(time.DateOnly))
	}
	return since, until, nil
}

// applications returns the names of applications by id, and the id of the one that
// is asked for, if any.
func (c *costCmd) applications(e *env, db *store.DB) (names map[string]string, only string, err error) {
	all, err := db.Applications(e.ctx)
	if err != nil {
		return nil, "", err
	}
	names = map[string]string{}
	for _, a := range all {
		names[a.ID] = a.Name
	}
	if c.Application == "" {
		return names, "", nil
	}
	a, err := db.Application(e.ctx, c.Application)
	if errors.Is(err, store.ErrNotFound) && strings.HasPrefix(c.Application, "app_") {
		return names, c.Application, nil // deleted: what it used is still known
	}
	if err != nil {
		return nil, "", appHint(err, c.Application)
	}
	return names, a.ID, nil
}

// add adds up costs by the given keys.
func (r *costReport) add(by []string, names map[string]string, costs []store.Cost) {
	at := map[string]int{}
	for i := range costs {
		x := &costs[i]
		of, id := map[string]string{}, ""
		for _, k := range by {
			of[k] = costKey(k, x, names)
			id += strconv.Quote(of[k])
		}
		n, ok := at[id]
		if !ok {
			n = len(r.Rows)
			at[id] = n
			r.Rows = append(r.Rows, costRow{Of: of})
		}
		r.Rows[n].add(x)
		r.Total.add(x)
	}
	slices.SortStableFunc(r.Rows, func(a, b costRow) int {
		for _, k := range by {
			if n := cmp.Compare(a.Of[k], b.Of[k]); n != 0 {
				return n
			}
		}
		return 0
	})
}

func costKey(key string, c *store.Cost, names map[string]string) string {
	switch key {
	case "application":
		return orDefault(names[c.Application], c.Application)
	case "key":
		return c.Key
	case "model":
		return c.Model
	case "month":
		return c.Day.Format("2006-01")
	}
	return c.Day.Format(time.DateOnly)
}

func (r *costRow) add(c *store.Cost) {
	r.Requests += c.Requests
	r.Unused += c.Unused
	r.InputTokens += c.InputTokens
	r.CachedTokens += c.CachedTokens
	r.OutputTokens += c.OutputTokens
	r.Money += price.Amount(c.Money)
	r.Estimated += c.Estimated
	r.GuardMicros += c.GuardMicros
}

// guardTime writes a time to the millisecond.
func guardTime(micros int64) string {
	return (time.Duration(min(micros, math.MaxInt64/1000)) * time.Microsecond).Round(time.Millisecond).String()
}

// table returns the rows and the total as cells.
func (r *costReport) table(by []string) [][]string {
	heading := []string{}
	for _, k := range by {
		heading = append(heading, strings.ToUpper(k))
	}
	out := [][]string{append(heading, "REQUESTS", "UNUSED", "INPUT", "CACHED", "OUTPUT", "MONEY", "ESTIMATED", "GUARD")}
	cells := func(of []string, c *costRow) {
		for _, n := range []int64{c.Requests, c.Unused, c.InputTokens, c.CachedTokens, c.OutputTokens} {
			of = append(of, strconv.FormatInt(n, 10))
		}
		out = append(out, append(of, c.Money.String(), strconv.FormatInt(c.Estimated, 10), guardTime(c.GuardMicros)))
	}
	for i := range r.Rows {
		var of []string
		for _, k := range by {
			of = append(of, orDefault(r.Rows[i].Of[k], "-"))
		}
		cells(of, &r.Rows[i])
	}
	if len(r.Rows) > 1 {
		total := make([]string, len(by))
		total[0] = "TOTAL"
		cells(total, &r.Total)
	}
	return out
}
