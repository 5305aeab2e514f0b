package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// schema names the form of the rows. Members are only added to it.
const schema = "warder-redteam-report/1"

// Rows writes the summary as lines of JSON: one for the run, then one for each family
// and each cell of each mode, then one for each change. Member row says which it is.
func Rows(w io.Writer, s *Summary) error {
	enc := json.NewEncoder(w)
	var failed error
	put := func(row any) {
		if failed == nil {
			failed = enc.Encode(row)
		}
	}
	put(struct {
		Row    string `json:"row"`
		Schema string `json:"schema"`
		*Summary
	}{"run", schema, s})
	for _, m := range s.Modes {
		for _, f := range m.Families {
			put(struct {
				Row   string `json:"row"`
				Guard string `json:"guard,omitempty"`
				Family
			}{"family", m.Guard, f})
			for _, c := range f.Cells {
				put(struct {
					Row    string `json:"row"`
					Guard  string `json:"guard,omitempty"`
					Family string `json:"family"`
					Cell
				}{"cell", m.Guard, f.ID, c})
			}
		}
	}
	for _, c := range s.Changes {
		put(struct {
			Row string `json:"row"`
			Change
		}{"change", c})
	}
	if failed != nil {
		return fmt.Errorf("writing rows: %w", failed)
	}
	return nil
}
