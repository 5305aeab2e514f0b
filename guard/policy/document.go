package policy

// The types of this file are a policy as it is written. Their comments become
// the JSON Schema and the reference in docs/policy.md.

// document is a policy file.
type document struct {
	// Version is the version of this format: 1.
	Version int `yaml:"version" json:"version" schema:"required"`
	// Mode is enforce, or observe to record what would have been done and
	// do none of it.
	Mode string `yaml:"mode" json:"mode" enum:"enforce,observe"`
	// Hold is what a streamed answer keeps back until detectors that need
	// context have read it. none: released as it comes and cut on a finding,
	// with what had left on record. sentence: whole sentences. all: nothing
	// before the end. Exact detectors always run before release.
	Hold string `yaml:"hold" json:"hold" enum:"none,sentence,all"`
	// Unmatched is what happens to a finding that no rule speaks of.
	Unmatched unmatchedEntry `yaml:"unmatched" json:"unmatched"`
	// Rules are the rules. All that match are considered and the strictest
	// decides: block, ask, redact, flag, allow. Between equals it is the first.
	Rules []ruleEntry `yaml:"rules" json:"rules"`
	// Detect is what this policy asks of the detectors.
	Detect detectEntry `yaml:"detect" json:"detect"`
	// Pseudonyms says where masked values may come back.
	Pseudonyms *pseudonymsEntry `yaml:"pseudonyms" json:"pseudonyms,omitempty"`
	// Examples are run by warder policy test. They are no part of the digest.
	Examples []exampleEntry `yaml:"examples" json:"-"`
}

// unmatchedEntry is what happens to findings that no rule speaks of.
type unmatchedEntry struct {
	// Exact is the action for findings of exact recognisers; block by default.
	Exact string `yaml:"exact" json:"exact" enum:"allow,flag,redact,block,ask"`
	// Windowed is the action for findings of models and decoders; flag by
	// default.
	Windowed string `yaml:"windowed" json:"windowed" enum:"allow,flag,redact,block,ask"`
}

// ruleEntry is one rule.
type ruleEntry struct {
	// Name is how verdicts and records call the rule: lower-case letters,
	// digits and dashes, at most 64.
	Name string `yaml:"name" json:"name" schema:"required"`
	// When is what a finding must meet, all of it, for the rule to match.
	When whenEntry `yaml:"when" json:"when" schema:"required"`
	// Except lists narrower cases that the rule treats more mildly. Other
	// rules still apply to them.
	Except []exceptEntry `yaml:"except" json:"except,omitempty"`
	// Then is what happens. allow: it may pass. flag: it may pass and is
	// recorded. redact: what was found is masked. block: refused. ask:
	// refused until a person approves.
	Then string `yaml:"then" json:"then" enum:"allow,flag,redact,block,ask" schema:"required"`
	// With says what stands for a masked value: token is its kind, [EMAIL].
	// pseudonym is a random word that lives for one request; in its answer
	// the value comes back where it is safe. What several rules mask is a
	// pseudonym only if all of them say so. Only for redact; token by default.
	With string `yaml:"with" json:"with,omitempty" enum:"token,pseudonym"`
	// Reason says why, to operators.
	Reason string `yaml:"reason" json:"reason,omitempty"`
}

// whenEntry is the condition of a rule.
type whenEntry struct {
	// Category is the category of the finding, or several: a name such as
	// injection, a family such as secret.*, a part of a family such as
	// secret.aws-*, or * for all.
	Category []string `yaml:"category,oneormany" json:"category,omitempty"`
	// MinScore is the least score, 0 to 1.
	MinScore *float64 `yaml:"min_score" json:"min_score,omitempty"`
	// MaxFPR is the largest false-positive rate, 0 to 1, whose published
	// threshold the score must reach: 0.001 is stricter evidence than 0.01.
	// Findings of exact recognisers have 0.
	MaxFPR *float64 `yaml:"max_fpr" json:"max_fpr,omitempty"`
	// Origin is who wrote the text.
	Origin []string `yaml:"origin,oneormany" json:"origin,omitempty" enum:"operator,user,document,tool,email,model"`
	// Direction is which way the text goes.
	Direction []string `yaml:"direction,oneormany" json:"direction,omitempty" enum:"request,answer"`
	// Environment is the environment of the application.
	Environment []string `yaml:"environment,oneormany" json:"environment,omitempty" enum:"dev,test,prod"`
	// DataClass is the data class of the application.
	DataClass []string `yaml:"data_class,oneormany" json:"data_class,omitempty" enum:"public,internal,confidential,restricted"`
	// Class is exact for recognisers, windowed for models and decoders.
	Class []string `yaml:"class,oneormany" json:"class,omitempty" enum:"exact,windowed"`
	// Encoded is true for what was found behind an encoding or other
	// obfuscation only, false for what stands in the text as given.
	Encoded *bool `yaml:"encoded" json:"encoded,omitempty"`
	// Detector is the detector's name, * standing for the rest of a name.
	Detector []string `yaml:"detector,oneormany" json:"detector,omitempty"`
	// Rule is the name of the detector's rule, * standing for the rest.
	Rule []string `yaml:"rule,oneormany" json:"rule,omitempty"`
}

// exceptEntry is a narrower case that a rule treats more mildly.
type exceptEntry struct {
	// When is what a finding must meet beside the rule's own condition. It
	// takes no min_score or max_fpr: more certain findings are never treated
	// more mildly.
	When whenEntry `yaml:"when" json:"when" schema:"required"`
	// Then is what the rule does instead; flag by default.
	Then string `yaml:"then" json:"then" enum:"allow,flag,redact,ask"`
	// With says what stands for a masked value, as in a rule.
	With string `yaml:"with" json:"with,omitempty" enum:"token,pseudonym"`
	// Reason says why, to operators.
	Reason string `yaml:"reason" json:"reason,omitempty"`
}

// detectEntry is what a policy asks of the detectors.
type detectEntry struct {
	// Deny lists words and phrases, any case, that are found as denied.
	Deny []string `yaml:"deny" json:"deny,omitempty"`
	// Custom lists patterns that are found as custom.NAME.
	Custom []patternEntry `yaml:"custom" json:"custom,omitempty"`
	// AllowedDomains are domains, with their subdomains, that links and
	// images in answers may point to.
	AllowedDomains []string `yaml:"allowed_domains" json:"allowed_domains,omitempty"`
	// Canaries plants a phrase in the system prompt whose appearance in an
	// answer proves leakage.
	Canaries bool `yaml:"canaries" json:"canaries,omitempty"`
	// DisableModel turns the trained classifiers off. Exact detectors always
	// run.
	DisableModel bool `yaml:"disable_model" json:"disable_model,omitempty"`
}

// pseudonymsEntry says where masked values may come back.
type pseudonymsEntry struct {
	// Restore lists the parameters of tools in whose arguments values may come
	// back. Nowhere else in arguments do they, and nowhere at all while text
	// of a document, a mail or a tool is in the request.
	Restore []restoreEntry `yaml:"restore" json:"restore,omitempty"`
}

// restoreEntry is a parameter of a tool.
type restoreEntry struct {
	// Tool is the name of the tool, as the application offers it.
	Tool string `yaml:"tool" json:"tool" schema:"required"`
	// Parameter is the name of a parameter at the top of its arguments, which
	// holds a text or a list of texts.
	Parameter string `yaml:"parameter" json:"parameter" schema:"required"`
}

// patternEntry is a pattern of the operator.
type patternEntry struct {
	// Name is the rest of the category: lower-case letters, digits and dashes.
	Name string `yaml:"name" json:"name" schema:"required"`
	// Pattern is an RE2 pattern. It must not match the empty text.
	Pattern string `yaml:"pattern" json:"pattern" schema:"required"`
}

// exampleEntry is a case with the verdict it must get.
type exampleEntry struct {
	// Name says what the example shows.
	Name string `yaml:"name" schema:"required"`
	// Text is inspected by the detectors. Either it or findings is given.
	Text string `yaml:"text"`
	// Operator is the system prompt of the exchange that text belongs to.
	Operator string `yaml:"operator"`
	// Origin is who wrote the text; user by default.
	Origin string `yaml:"origin" enum:"operator,user,document,tool,email,model"`
	// Kind is what the text is used for; prose by default.
	Kind string `yaml:"kind" enum:"prose,tool_arguments,name"`
	// Direction is which way it goes; request by default.
	Direction string `yaml:"direction" enum:"request,answer"`
	// Environment is the application's; prod by default.
	Environment string `yaml:"environment" enum:"dev,test,prod"`
	// DataClass is the application's; internal by default.
	DataClass string `yaml:"data_class" enum:"public,internal,confidential,restricted"`
	// Findings are decided on as they are; an empty list means that nothing
	// was found.
	Findings []findingEntry `yaml:"findings"`
	// Expect is the verdict that the example must get.
	Expect expectEntry `yaml:"expect" schema:"required"`
}

// findingEntry is a finding of an example.
type findingEntry struct {
	// Category is its category.
	Category string `yaml:"category" schema:"required"`
	// Score is its score; 1 by default.
	Score *float64 `yaml:"score"`
	// FPR is its false-positive rate; 0 by default.
	FPR float64 `yaml:"fpr"`
	// Class is exact or windowed; exact by default.
	Class string `yaml:"class" enum:"exact,windowed"`
	// Encoded says that it was found behind an encoding.
	Encoded bool `yaml:"encoded"`
	// Detector is the detector's name.
	Detector string `yaml:"detector"`
	// Rule is the name of the detector's rule.
	Rule string `yaml:"rule"`
}

// expectEntry is an expected verdict.
type expectEntry struct {
	// Action is the action; in observe mode, the one that would have been.
	Action string `yaml:"action" enum:"allow,flag,redact,block,ask" schema:"required"`
	// Rule is the rule that must decide. Without it, any may.
	Rule string `yaml:"rule"`
}
