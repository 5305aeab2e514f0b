package guard

import "strings"

// Category describes one kind of finding.
type Category struct {
	Name  string   // "injection"; a trailing dot marks an open family: "pii."
	Title string   // one line for people
	OWASP []string // OWASP Top 10 for LLM Applications 2025 ids
	ATLAS []string // MITRE ATLAS technique ids
	// Coarse is what a caller may learn: it must not help an attacker.
	Coarse string
}

// Categories lists every category that a policy may name. Open families end in
// a dot; a finding's category is such a prefix with a suffix.
var Categories = []Category{
	{"injection", "text that tries to take over the model's instructions", []string{"LLM01"}, []string{"AML.T0051"}, "prompt_attack"},
	{"jailbreak", "text that tries to talk the model out of its rules", []string{"LLM01"}, []string{"AML.T0054"}, "prompt_attack"},
	{"harmful_request", "a request for harmful content", []string{"LLM01"}, nil, "harmful_content"},
	{"prompt_leak", "the application's instructions, or a planted canary, in an answer", []string{"LLM07"}, []string{"AML.T0056"}, "data_protection"},
	{"exfiltration.", "a link or rendered image that can carry data out", []string{"LLM02", "LLM05"}, []string{"AML.T0057"}, "data_protection"},
	{"code.", "SQL, script or shell injection in tool arguments or outputs", []string{"LLM05", "LLM06"}, nil, "unsafe_output"},
	{"invisible_text", "characters that people do not see and models read", []string{"LLM01"}, []string{"AML.T0068"}, "prompt_attack"},
	{"encoded_blob", "a long encoded run that no decoder could read", []string{"LLM01"}, nil, "prompt_attack"},
	{"pii.", "personal data", []string{"LLM02"}, []string{"AML.T0057"}, "data_protection"},
	{"secret.", "a credential", []string{"LLM02"}, []string{"AML.T0057"}, "data_protection"},
	{"toxicity.", "hateful, sexual or violent content", nil, nil, "harmful_content"},
	{"ungrounded", "a statement that the given sources do not support", []string{"LLM09"}, nil, "ungrounded"},
	{"denied", "a word or pattern on the application's deny list", nil, nil, "denied"},
	{"custom.", "a pattern of the operator", nil, nil, "denied"},
	{"limit", "a text that exceeds what the guard can judge", nil, nil, "limit"},
}

// LookupCategory returns the description of a finding's category.
func LookupCategory(name string) (Category, bool) {
	for _, c := range Categories {
		if c.Name == name || strings.HasSuffix(c.Name, ".") && strings.HasPrefix(name, c.Name) && len(name) > len(c.Name) {
			return c, true
		}
	}
	return Category{}, false
}
