package gateway

import (
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/detect"
)

// assessed returns the categories that some detector looked for in some of the
// texts, as they stand in [guard.Categories]. A detector that it does not know
// counts for nothing, so a category is never claimed without evidence.
func assessed(ds []guard.Detector, texts []guard.Text) map[string]bool {
	out := map[string]bool{}
	looked := func(categories ...string) {
		for _, c := range categories {
			out[c] = true
		}
	}
	asked, answered, instructed := directions(texts)
	if !asked && !answered {
		return out
	}
	for _, d := range ds {
		switch d.(type) {
		case *detect.Secrets:
			looked("secret.")
		case *detect.PII:
			looked("pii.")
		case *detect.Links:
			looked("exfiltration.")
		case *detect.Code:
			looked("code.")
		case *detect.Signatures:
			looked("injection", "jailbreak")
		case detect.Invisible:
			looked("invisible_text", "encoded_blob")
		case *detect.Leak:
			if answered && instructed {
				looked("prompt_leak")
			}
		case *detect.PromptAttack:
			if asked {
				looked("injection", "jailbreak", "harmful_request")
			}
		}
	}
	return out
}

// directions says what is among the texts: requests that the classifier reads,
// answers, and instructions that answers must not repeat.
func directions(texts []guard.Text) (asked, answered, instructed bool) {
	for i := range texts {
		t := &texts[i]
		if t.Content == "" {
			continue
		}
		asked = asked || t.Direction == guard.Request && t.Origin != guard.OriginOperator
		answered = answered || t.Direction == guard.Answer
		instructed = instructed || t.Exchange != nil && len(t.Exchange.Operator) > 0
	}
	return asked, answered, instructed
}

// notAssessed returns the categories that nothing looked for, open families as
// "toxicity.*". The operator's own lists and the guard's bounds are left out:
// they say nothing about content.
func notAssessed(ds []guard.Detector, texts []guard.Text) []string {
	seen := assessed(ds, texts)
	out := []string{}
	for _, c := range guard.Categories {
		if seen[c.Name] || slices.Contains([]string{"denied", "custom.", "limit"}, c.Name) {
			continue
		}
		name := c.Name
		if strings.HasSuffix(name, ".") {
			name += "*"
		}
		out = append(out, name)
	}
	return out
}
