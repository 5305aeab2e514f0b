package gateway

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/internal/config"
	"warder.example/internal/dialect"
)

// canarySentence carries a canary at the end of a system prompt.
const canarySentence = "\n\nInternal reference: %s"

// canary returns the application's canary, empty if neither its configuration
// nor its policy asks for one or nobody would look for it. It changes when the
// policy or what the configuration says of the application does, and with
// nothing else, so that a provider's cache of prompts stays of use.
func (s *Server) canary(p *protection, id string, ac config.Application) string {
	if !ac.Canaries && !p.policy.Detect().Canaries || len(p.guard.Detectors) == 0 {
		return ""
	}
	said, err := json.Marshal(ac)
	if err != nil {
		panic(fmt.Sprintf("gateway: encoding a decoded configuration: %v", err)) // plain values
	}
	return detect.Canary(s.salt, id, fmt.Sprintf("%s %x", p.policy.Digest(), sha256.Sum256(said)))
}

// canaryDigest returns what may be recorded of the canary that was planted.
func (t *talk) canaryDigest() string {
	if len(t.about.Canaries) == 0 {
		return ""
	}
	return detect.CanaryDigest(t.about.Canaries[0])
}

// plant returns the edit that adds a canary to the first system text of a
// request; ok is false if it has none.
func plant(req *dialect.Request, canary string) (e dialect.Edit, ok bool) {
	if canary == "" {
		return e, false
	}
	for i := range req.Leaves {
		l := &req.Leaves[i]
		if l.Known && l.Instructs() {
			end := guard.Span{Start: len(l.Text), End: len(l.Text)}
			return dialect.Edit{Leaf: i, Masks: []guard.Mask{{Span: end, With: fmt.Sprintf(canarySentence, canary)}}}, true
		}
	}
	return e, false
}
