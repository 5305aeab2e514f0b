package gateway

import (
	"context"
	"slices"

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

// personal reports whether personal data stands in s, or could not be looked for.
func personal(ctx context.Context, s string) bool {
	found, err := people.Detect(ctx, &guard.Text{Content: s, Origin: guard.OriginUser, Kind: guard.Prose})
	return err != nil || len(found) > 0
}
