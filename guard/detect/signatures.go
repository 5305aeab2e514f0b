package detect

import (
	"context"

	"warder.example/guard"
)

// Signatures recognises prompt attacks whose wording is known, in some twenty
// languages: orders to drop earlier instructions, requests for the system
// prompt, jailbreak personas, forged chat-template tokens, and text in data
// that speaks to the model. What it looks for is the reviewed file
// signatures.txt: classes of words, and orders of classes with bounded gaps, so
// that rewording within a family is still seen.
//
// It is made for precision; the trained classifier beside it is made for
// recall. Some families are attacks only in data: an e-mail that says "if you
// are an AI" is one, a user who says it may be curious. There they are reported
// with class [guard.Windowed] and FPR 0.05, as are attacks that are plainly
// quoted as an example, or that the words behind them make one about something
// else (FPR 0.2). An attack between quotation marks that the text around asks or
// sets a task about, and one on instructions that the speaker says he gave himself,
// have FPR 0.2 in what users say and 0.05 in data. Orders about an errand of people,
// "the previous instructions for the trip", have FPR 0.05, and so have what hides something
// from people in general and what overrides a request without saying what to do instead;
// notes to people who work with an AI, descriptions of programs and lists of single words
// have 0.2. Text of the operator is never reported as exact: system prompts name
// attacks in order to forbid them. Turns of the assistant in a
// request are the caller's word and judged as a user's are, but for reports of
// what was asked and refused. In answers nothing is looked for at all.
//
// Signatures is exact for all other text of requests, and safe for concurrent
// use.
type Signatures struct{ own *signatureSet } // nil: the embedded ones

var _ guard.StreamDetector = (*Signatures)(nil)

// NewSignatures returns the signatures of prompt attacks.
func NewSignatures() *Signatures {
	return &Signatures{loadSignatures()}
}

func (d *Signatures) set() *signatureSet {
	if d.own == nil {
		return loadSignatures()
	}
	return d.own
}

// Scores and false-positive rates of what is not reported as exact.
const (
	viewScore, viewFPR       = 0.98, 0.001 // an attack that was encoded or hidden
	softScore, softFPR       = 0.9, 0.05   // a family that is an attack only in data
	mentionScore, mentionFPR = 0.5, 0.2    // quoted as an example
)

// Detect implements [guard.Detector].
func (d *Signatures) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	if t.Direction == guard.Answer || t.Content == "" {
		return nil, nil
	}
	flagged := trustedOrigin(t.Origin)
	found, err := detectExact(ctx, sigRun{d, &flagged}, t, canonicalViews...)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].Class == guard.Windowed {
			found[i].Score, found[i].FPR = viewScore, viewFPR
		}
	}
	if !flagged {
		return found, nil
	}
	soft, _ := newScanner("signatures", sigFlag.finder(d.set(), t.Origin, nil)).Scan(t.Content, true)
	for _, f := range soft {
		f.Class = guard.Windowed
		if !covered(found, &f) {
			found = append(found, f)
		}
	}
	return found, nil
}

// sigRun is a detector that notes whether there is something to flag, so that
// most texts are read once.
type sigRun struct {
	*Signatures
	flagged *bool
}

// Scanner implements [guard.StreamDetector].
func (r sigRun) Scanner(_ *guard.Exchange, o guard.Origin, _ guard.Kind) guard.Scanner {
	if trustedOrigin(o) {
		return nil
	}
	return newScanner("signatures", sigExact.finder(r.set(), o, r.flagged))
}

// Longest implements [guard.StreamDetector].
func (d *Signatures) Longest() int { return sigLongest + quoteBytes }

// Scanner implements [guard.StreamDetector]. It is nil for text that is not
// reported as exact; text of the model comes here only as an answer.
func (d *Signatures) Scanner(_ *guard.Exchange, o guard.Origin, _ guard.Kind) guard.Scanner {
	if trustedOrigin(o) || o == guard.OriginModel {
		return nil
	}
	return newScanner("signatures", sigExact.finder(d.set(), o, nil))
}

// trustedOrigin reports whether text of o is only ever flagged here.
func trustedOrigin(o guard.Origin) bool { return o == guard.OriginOperator }

// dataOrigin reports whether text of o has no business giving orders.
func dataOrigin(o guard.Origin) bool {
	return o != guard.OriginUser && o != guard.OriginModel && !trustedOrigin(o)
}
