package main

import (
	"context"
	"encoding/json"

	"github.com/rogpeppe/go-internal/testscript"

	"warder.example/internal/store"
)

// usedCommand puts exchanges into the story's store, in the place of a server that
// served them:
//
//	used FILE
//
// FILE is a JSON array of [store.ExchangeRow] with applications by name.
func usedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: used FILE")
	}
	var rows []store.ExchangeRow
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &rows))
	db, err := store.Open(context.Background(), ts.MkAbs("warder-data/warder.db"))
	ts.Check(err)
	for i := range rows {
		a, err := db.Application(context.Background(), rows[i].Application)
		ts.Check(err)
		rows[i].Application = a.ID
	}
	ts.Check(db.ProjectExchanges(context.Background(), int64(len(rows)), rows))
	ts.Check(db.Close())
}
