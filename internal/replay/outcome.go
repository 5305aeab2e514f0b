package replay

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"warder.example/guard"
	"warder.example/internal/replay/logs"
)

// outcome is what would have happened to one record, without its texts.
type outcome struct {
	place      Place
	id         string // of a record that would be stopped
	rank       uint64 // by which samples are drawn
	day        string
	app, model string // as they may be shown
	in, out    int64
	cost       float64
	priced     bool
	answered   bool
	action     guard.Action
	rule       string
	decisive   string  // key of the reason that decided; empty if nothing did
	fpr        float64 // of the classifier's findings in the request, if only these stop it; else 0
	certain    bool    // something other than a classifier's score stops it
	reasons    map[string]bool
	leaks      map[string]int
	own        map[string]bool
	operated   bool
	carried    int
	read       int
	honest     bool     // it may be taken for honest: no recogniser saw an attack
	other      *outcome // under the second policy: action and rule
}

// Where the data of a leak stood.
const (
	inAnswer    = "came back in the answer"
	inOperator  = "sent to the model: system prompt"
	inUser      = "sent to the model: user"
	inDocument  = "sent to the model: document"
	inTool      = "sent to the model: tool result"
	inEmail     = "sent to the model: email"
	inAssistant = "sent to the model: assistant turn"
	inUnknown   = "sent to the model: unknown role"
)

var places = map[guard.Origin]string{
	guard.OriginOperator: inOperator, guard.OriginUser: inUser, guard.OriginDocument: inDocument, guard.OriginTool: inTool,
	guard.OriginEmail: inEmail, guard.OriginModel: inAssistant, guard.OriginUnknown: inUnknown,
}

// outcomeOf sums up what a policy makes of a record. files are the names that ids
// are made from.
func outcomeOf(r *logs.Record, v *verdicts, p Place, file, digest string) *outcome {
	o := &outcome{
		place: p, day: dayOf(r), in: r.InputTokens, out: r.OutputTokens, cost: r.Cost, priced: r.Priced,
		answered: len(r.Answer) > 0, action: min(v.request.Would, v.answer.Would), carried: v.carried, read: v.read, honest: true,
		reasons: map[string]bool{}, leaks: map[string]int{}, own: map[string]bool{},
	}
	o.take(&v.request, guard.Request)
	o.take(&v.answer, guard.Answer)
	if o.certain {
		o.fpr = 0
	}
	for _, t := range r.Request {
		o.operated = o.operated || t.Origin == guard.OriginOperator
	}
	sum := identify(digest, file, p)
	o.rank = binary.BigEndian.Uint64(sum[8:])
	if o.action.Stops() {
		o.id = hex.EncodeToString(sum[:8])
	}
	return o
}

// identify hashes a place: it tells records apart and says nothing of their texts.
func identify(digest, file string, p Place) [sha256.Size]byte {
	b := []byte(digest + sep + file + sep)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Value))
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(p.Index)))
}

// take adds the verdict of one side.
func (o *outcome) take(v *guard.Verdict, d guard.Direction) {
	decides := o.decisive == "" && v.Would == o.action && v.Would != guard.Allow
	for _, dec := range v.Decisions {
		f := &v.Findings[dec.Finding]
		if !dec.Decides || dec.Action == guard.Allow {
			continue
		}
		k := joined(d.String(), dec.Action.String(), dec.Rule, f.Category, f.Detector)
		o.reasons[k] = true
		if dec.Action.Stops() {
			if scored(f) && d == guard.Request {
				o.fpr = max(o.fpr, f.FPR)
			} else {
				o.certain = true
			}
		}
		if decides && dec.Action == v.Would && dec.Rule == v.Rule {
			o.decisive, o.rule, decides = k, dec.Rule, false
		}
		if dec.Action == guard.Redact && f.Origin == guard.OriginOperator {
			o.own[joined(strings.TrimSuffix(dec.Rule, "/except"), f.Category)] = true
		}
	}
	for i := range v.Findings {
		o.leaked(&v.Findings[i], d)
	}
}

// scored reports whether a finding is a classifier's, which has a false-positive
// rate, and not a recogniser's.
func scored(f *guard.Finding) bool { return f.Class == guard.Windowed && f.FPR > 0 }

// leaked notes a finding of personal data or a credential, and of a known attack.
func (o *outcome) leaked(f *guard.Finding, d guard.Direction) {
	if f.Class == guard.Exact && (f.Category == "injection" || f.Category == "jailbreak") && f.Origin != guard.OriginOperator {
		o.honest = false
	}
	if f.Score < 0.5 || !strings.HasPrefix(f.Category, "pii.") && !strings.HasPrefix(f.Category, "secret.") {
		return
	}
	where := places[f.Origin]
	if d == guard.Answer {
		where = inAnswer
	}
	o.leaks[joined(f.Category, where)] += max(1, len(f.Spans))
}
