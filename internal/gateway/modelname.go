package gateway

import (
	"context"
	"slices"
	"sync"

	"warder.example/guard"
	"warder.example/guard/detect"
)

// people recognises personal data in names. A guard leaves names to other detectors,
// since one that is masked names nothing.
var people = detect.NewPII()

// modelName returns the name of the model for records, reports and telemetry. A name in
// which something was found, or personal data stands, is a text that somebody put
// there, unless the configuration names the model so.
func (t *talk) modelName(v *guard.Verdict) string {
	for i := range v.Findings {
		if n := v.Findings[i].Text; n >= 0 && n < len(t.req.Leaves) && t.req.Leaves[n].Path() == "model" {
			return hidden
		}
	}
	u := t.state.upstream(t.upstream)
	_, named := u.Aliases[t.req.Model]
	if !named && !slices.Contains(u.Models, t.req.Model) && personal(t.r.Context(), t.req.Model) {
		return hidden
	}
	return t.req.Model
}

// knownNames remembers of names whether personal data stands in them: a server hears
// few, over and over. When callers send more it starts anew. Safe for concurrent use;
// the zero value is empty.
type knownNames struct {
	mu       sync.Mutex
	personal map[string]bool
}

// mostNames is how many names are remembered, each of at most [maxModel] bytes.
const mostNames = 512

var known knownNames

// personal reports whether personal data stands in s, or could not be looked for.
func personal(ctx context.Context, s string) bool {
	known.mu.Lock()
	is, ok := known.personal[s]
	known.mu.Unlock()
	if ok {
		return is
	}
	found, err := people.Detect(ctx, &guard.Text{Content: s, Origin: guard.OriginUser, Kind: guard.Prose})
	if err != nil {
		return true
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.personal == nil || len(known.personal) >= mostNames {
		known.personal = make(map[string]bool)
	}
	known.personal[s] = len(found) > 0
	return len(found) > 0
}
