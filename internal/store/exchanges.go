package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// ExchangeRow is what the store keeps of one exchange: a projection of its
// records in the ledger, which is the truth. It holds no text of anybody.
//
// An exchange is opened by one record and closed by another, often in
// different batches. Zero fields of a row leave what is stored as it is. Text
// longer than stated is cut, and characters that cannot be stored are
// replaced: nothing that a caller sends may stop the projection.
type ExchangeRow struct {
	Request     string // request id, 1 to 128 bytes; identifies the exchange
	Application string // application id, 64
	Key         string // key id, 64
	Subject     string // salted commitment, never plain, 128
	Route       string // 128
	Model       string // 200
	Upstream    string // 200
	Policy      string // digest of the policy in force, 128

	Opened time.Time // kept to the microsecond
	Closed time.Time // zero while open

	// OpenedEntry and ClosedEntry number the ledger records, counted from 1:
	// sequence + 1. 0 means not seen.
	OpenedEntry int64
	ClosedEntry int64

	Action       string // verdict on the request: allow, flag, redact, block, ask; 16
	Rule         string // that decided it, 200
	AnswerAction string // verdict on the answer, 16
	AnswerRule   string // 200
	Code         string // stable code of a refusal or failure, 64
	Category     string // coarse category of what decided, 64
	End          string // how it ended, such as "complete", 32

	Status          int   // HTTP status answered
	RequestBytes    int64 // of the body received
	ResponseBytes   int64 // sent to the caller
	RequestFindings int
	AnswerFindings  int

	// What it used, as it was charged. Cost is in micro-units of money, 0 also
	// when the model had no price.
	InputTokens  int64
	CachedTokens int64 // of InputTokens
	OutputTokens int64
	Cost         int64
	GuardMicros  int64  // spent on inspecting request and answer, in millionths of a second
	UsageSource  string // UsageProvider or UsageEstimated; empty if nothing was used
}

// Who counted what an exchange used.
const (
	UsageProvider  = "provider"
	UsageEstimated = "estimated"
)

// exchangeColumn is one column of the projection and its value in a row.
type exchangeColumn struct {
	name  string
	value func(*ExchangeRow) any
}

// text returns the value of a text column, cleaned.
func text(limit int, field func(*ExchangeRow) string) func(*ExchangeRow) any {
	return func(r *ExchangeRow) any { return clean(field(r), limit) }
}

// exchangeColumns is the one list of columns; the request comes first.
var exchangeColumns = []exchangeColumn{
	{"request", text(128, func(r *ExchangeRow) string { return r.Request })},
	{"application", text(64, func(r *ExchangeRow) string { return r.Application })},
	{"access_key", text(64, func(r *ExchangeRow) string { return r.Key })},
	{"subject", text(128, func(r *ExchangeRow) string { return r.Subject })},
	{"route", text(128, func(r *ExchangeRow) string { return r.Route })},
	{"model", text(200, func(r *ExchangeRow) string { return r.Model })},
	{"upstream", text(200, func(r *ExchangeRow) string { return r.Upstream })},
	{"policy", text(128, func(r *ExchangeRow) string { return r.Policy })},
	{"opened", func(r *ExchangeRow) any { return micros(r.Opened) }},
	{"closed", func(r *ExchangeRow) any { return micros(r.Closed) }},
	{"opened_entry", func(r *ExchangeRow) any { return r.OpenedEntry }},
	{"closed_entry", func(r *ExchangeRow) any { return r.ClosedEntry }},
	{"action", text(16, func(r *ExchangeRow) string { return r.Action })},
	{"rule", text(200, func(r *ExchangeRow) string { return r.Rule })},
	{"answer_action", text(16, func(r *ExchangeRow) string { return r.AnswerAction })},
	{"answer_rule", text(200, func(r *ExchangeRow) string { return r.AnswerRule })},
	{"code", text(64, func(r *ExchangeRow) string { return r.Code })},
	{"category", text(64, func(r *ExchangeRow) string { return r.Category })},
	{"ending", text(32, func(r *ExchangeRow) string { return r.End })},
	{"status", func(r *ExchangeRow) any { return int64(r.Status) }},
	{"request_bytes", func(r *ExchangeRow) any { return r.RequestBytes }},
	{"response_bytes", func(r *ExchangeRow) any { return r.ResponseBytes }},
	{"request_findings", func(r *ExchangeRow) any { return int64(r.RequestFindings) }},
	{"answer_findings", func(r *ExchangeRow) any { return int64(r.AnswerFindings) }},
	{"input_tokens", func(r *ExchangeRow) any { return r.InputTokens }},
	{"cached_tokens", func(r *ExchangeRow) any { return r.CachedTokens }},
	{"output_tokens", func(r *ExchangeRow) any { return r.OutputTokens }},
	{"cost", func(r *ExchangeRow) any { return r.Cost }},
	{"guard_micros", func(r *ExchangeRow) any { return r.GuardMicros }},
	{"usage_source", text(16, func(r *ExchangeRow) string { return r.UsageSource })},
}

// exchangeNames are the columns as a query lists them.
var exchangeNames = func() string {
	names := make([]string, len(exchangeColumns))
	for i, c := range exchangeColumns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}()

func scanExchange(rows *sql.Rows) (r ExchangeRow, err error) {
	var opened, closed int64
	err = rows.Scan(&r.Request, &r.Application, &r.Key, &r.Subject, &r.Route, &r.Model, &r.Upstream, &r.Policy,
		&opened, &closed, &r.OpenedEntry, &r.ClosedEntry, &r.Action, &r.Rule, &r.AnswerAction, &r.AnswerRule,
		&r.Code, &r.Category, &r.End, &r.Status, &r.RequestBytes, &r.ResponseBytes, &r.RequestFindings, &r.AnswerFindings,
		&r.InputTokens, &r.CachedTokens, &r.OutputTokens, &r.Cost, &r.GuardMicros, &r.UsageSource)
	r.Opened, r.Closed = fromMicros(opened), fromMicros(closed)
	return r, err
}

// Exchange returns the exchange with that request id, or [ErrNotFound].
func (db *DB) Exchange(ctx context.Context, request string) (ExchangeRow, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if !known(request) {
		return ExchangeRow{}, fmt.Errorf("looking for exchange %.80q: %w", request, ErrNotFound)
	}
	r, err := one(ctx, db.read, scanExchange, `SELECT `+exchangeNames+` FROM exchanges WHERE request = $1`, request)
	if err != nil {
		return ExchangeRow{}, fmt.Errorf("looking for exchange %q: %w", request, err)
	}
	return r, nil
}

// ExchangeFilter selects exchanges. Zero fields select all.
type ExchangeFilter struct {
	Application string    // application id
	Subject     string    // commitment
	Since       time.Time // opened at or after
	Until       time.Time // opened before
	// After continues a listing after its last row: only Opened and Request
	// of it are used.
	After ExchangeRow
	Limit int // 1 to MaxBatch
}

// Exchanges returns exchanges by when they were opened, newest first.
func (db *DB) Exchanges(ctx context.Context, f ExchangeFilter) ([]ExchangeRow, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	query, args := f.query()
	rows, err := collect(ctx, db.read, scanExchange, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing exchanges: %w", err)
	}
	return rows, nil
}

// query writes the statement: conditions from constants, values as parameters.
func (f *ExchangeFilter) query() (string, []any) {
	var where []string
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if f.Application != "" {
		add("application = ?", clean(f.Application, 64))
	}
	if f.Subject != "" {
		add("subject <> '' AND subject = ?", clean(f.Subject, 128))
	}
	if !f.Since.IsZero() {
		add("opened >= ?", micros(f.Since))
	}
	if !f.Until.IsZero() {
		add("opened < ?", micros(f.Until))
	}
	if f.After.Request != "" {
		add("opened <= ?", micros(f.After.Opened))
		args = append(args, clean(f.After.Request, 128))
		where = append(where, fmt.Sprintf("(opened < $%d OR request < $%d)", len(args)-1, len(args)))
	}
	query := `SELECT ` + exchangeNames + ` FROM exchanges`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	args = append(args, batch(f.Limit))
	return query + fmt.Sprintf(` ORDER BY opened DESC, request DESC LIMIT $%d`, len(args)), args
}
