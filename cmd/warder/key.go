package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Issue a key. It is shown once."`
	List   keyListCmd   `cmd:"" help:"List keys."`
	Revoke keyRevokeCmd `cmd:"" help:"Revoke a key, for ever."`
}

type keyCreateCmd struct {
	storeFlags
	App         string  `arg:"" help:"Name or id of the application."`
	Label       string  `help:"What it is for." placeholder:"TEXT"`
	Expires     *expiry `help:"When it stops working: 90d, 12h, 2027-01-31 or a full RFC 3339 time. Default: never." placeholder:"WHEN"`
	RPM         int     `name:"rpm" help:"Requests a minute; 0 is the application's limit." placeholder:"N"`
	Concurrency int     `help:"Requests at the same time; 0 is the application's limit." placeholder:"N"`
}

// Run prints the key alone on standard output, so that it can go straight into
// a file or another program.
func (c *keyCreateCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		secret, k := access.NewKey()
		k.Application, k.Label, k.RequestsPerMinute, k.MaxConcurrent = c.App, c.Label, c.RPM, c.Concurrency
		if c.Expires != nil {
			k.Expires = c.Expires.from(e.now())
		}
		k, err := db.CreateKey(c.as(e), k)
		if err != nil {
			return appHint(err, c.App)
		}
		fmt.Fprintf(e.stderr, "created key %s, expires: %s\n", k.ID, orDefault(timeText(k.Expires), "never"))
		fmt.Fprintln(e.stderr, "this is the only time it is shown: Warder keeps a hash, not the key")
		_, err = fmt.Fprintln(e.stdout, secret.Reveal())
		return err
	})
}

type keyListCmd struct {
	storeFlags
	App  string `arg:"" optional:"" help:"Name or id of an application. Default: all."`
	JSON bool   `name:"json" help:"Print a JSON array."`
}

func (c *keyListCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		apps, err := db.Applications(e.ctx)
		if err != nil {
			return err
		}
		id := ""
		if c.App != "" {
			a, err := db.Application(e.ctx, c.App)
			if err != nil {
				return appHint(err, c.App)
			}
			id = a.ID
		}
		keys, err := db.Keys(e.ctx, id)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, notNil(keys))
		}
		if len(keys) == 0 {
			fmt.Fprintln(e.stderr, "no keys; warder key create APP issues one")
			return nil
		}
		return printTable(e.stdout, keyRows(keys, apps, e.now()))
	})
}

type keyRevokeCmd struct {
	storeFlags
	ID string `arg:"" help:"Id of the key. A prefix as in lists, or a whole leaked key, will do."`
}

func (c *keyRevokeCmd) Run(e *env) error {
	id, err := access.KeyID(c.ID)
	if err != nil {
		return hinted{errors.New("that is not the id of a key; expected 12 letters and digits"), "warder key list shows the ids"}
	}
	return c.with(e, func(db *store.DB) error {
		k, err := db.RevokeKey(c.as(e), id)
		if errors.Is(err, store.ErrNotFound) {
			return hinted{err, "warder key list shows the ids"}
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "revoked key %s at %s\n", k.ID, timeText(k.Revoked))
		return nil
	})
}

// expiry is when a key ends: after a while, or at a time.
type expiry struct {
	after time.Duration
	at    time.Time
}

// maxExpiry keeps arithmetic and typing errors in bounds.
const maxExpiry = 100 * 366 * 24 * time.Hour

// UnmarshalText reads a number of days or a Go duration, a date or a time.
func (x *expiry) UnmarshalText(b []byte) error {
	s := string(b)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 && n <= int(maxExpiry/(24*time.Hour)) {
			x.after = time.Duration(n) * 24 * time.Hour
			return nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d > 0 && d <= maxExpiry {
		x.after = d
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			x.at = t
			return nil
		}
	}
	return fmt.Errorf("%.40q is no time to expire; expected 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z", s)
}

func (x *expiry) from(now time.Time) time.Time {
	if x.at.IsZero() {
		return now.Add(x.after)
	}
	return x.at
}

// keyRows is the table of keys. It never holds more of a key than its prefix.
func keyRows(keys []access.Key, apps []access.Application, now time.Time) [][]string {
	names := make(map[string]string, len(apps))
	for _, a := range apps {
		names[a.ID] = a.Name
	}
	rows := [][]string{{"ID", "APP", "STATE", "CREATED", "EXPIRES", "RPM", "CONCURRENCY", "LABEL"}}
	for _, k := range keys {
		rows = append(rows, []string{
			k.ID, orDefault(names[k.Application], k.Application), keyState(k, now), timeText(k.Created),
			orDefault(timeText(k.Expires), "never"), limitText(k.RequestsPerMinute, "app"), limitText(k.MaxConcurrent, "app"), k.Label,
		})
	}
	return rows
}

func keyState(k access.Key, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return "expired"
	}
	return "live"
}
