package lakera

import "strings"

// The types of detector of this dialect that something here stands behind.
const (
	PromptAttack = "prompt_attack"
	UnknownLinks = "unknown_links"
	Crime        = "moderated_content/crime"
	OtherContent = "moderated_content/custom"
	OtherData    = "pii/custom"
)

// personal are the kinds of personal data that the dialect has a name for.
var personal = map[string]string{
	"pii.email":       "pii/email",
	"pii.phone":       "pii/phone_number",
	"pii.credit_card": "pii/credit_card",
	"pii.iban":        "pii/iban_code",
	"pii.ip_address":  "pii/ip_address",
	"pii.us_ssn":      "pii/us_social_security_number",
	"pii.address":     "pii/address",
	"pii.name":        "pii/name",
}

// moderated are the kinds of content that the dialect has a name for.
var moderated = map[string]string{
	"harmful_request":    Crime,
	"toxicity.crime":     Crime,
	"toxicity.hate":      "moderated_content/hate",
	"toxicity.profanity": "moderated_content/profanity",
	"toxicity.sexual":    "moderated_content/sexual",
	"toxicity.violence":  "moderated_content/violence",
	"toxicity.weapons":   "moderated_content/weapons",
}

// DetectorType returns this dialect's name for a category of package guard. The
// label says more where the name is one for many things: "github-pat" for
// [OtherData]; it is empty where the name says all.
func DetectorType(category string) (name, label string) {
	family, rest, _ := strings.Cut(category, ".")
	switch family {
	case "injection", "jailbreak", "invisible_text", "encoded_blob", "prompt_leak":
		return PromptAttack, ""
	case "exfiltration":
		return UnknownLinks, ""
	case "pii":
		if name, ok := personal[category]; ok {
			return name, ""
		}
		return OtherData, rest
	case "secret":
		return OtherData, rest
	case "custom":
		return OtherContent, rest
	}
	if name, ok := moderated[category]; ok {
		return name, ""
	}
	return OtherContent, category
}

// Custom reports whether a type of detector is the customer's own.
func Custom(detectorType string) bool { return strings.HasSuffix(detectorType, "/custom") }

// DetectorID returns the id under which answers name a type of detector.
func DetectorID(detectorType string) string {
	return "detector-warder-" + strings.NewReplacer("/", "-", "_", "-").Replace(detectorType)
}
