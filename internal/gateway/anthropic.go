package gateway

import (
	"net/http"
	"regexp"
	"strings"

	"warder.example/internal/config"
)

// anthropicFamily are the calls of Anthropic's API. Its clients send their key in one
// header or, as a token, in the other.
var anthropicFamily = family{
	name:      config.FamilyAnthropic,
	keys:      []keyHeader{{"X-Api-Key", ""}, {"Authorization", "Bearer"}},
	requestID: "Request-Id",
	ask:       askAnthropic,
	answers:   anthropicAnswers,
}

// Bounds of beta flags.
const (
	maxBetas = 32
	maxBeta  = 64 // bytes of one
)

var (
	// anthropicVersion is the day of the API's version.
	anthropicVersion = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
	// anthropicBeta is a name and the day of its version, as all flags are.
	anthropicBeta = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*-20[0-9]{2}-?[0-9]{2}-?[0-9]{2}$`)
)

// askAnthropic passes the version and the beta flags on that a caller asks for. What
// is none is left out, since a header is no place for text that nobody inspects.
func askAnthropic(from, to http.Header) {
	if v := from["Anthropic-Version"]; len(v) == 1 && anthropicVersion.MatchString(v[0]) {
		to["Anthropic-Version"] = v
	}
	var betas []string
	for _, line := range from["Anthropic-Beta"] {
		for flag := range strings.SplitSeq(line, ",") {
			flag = strings.TrimSpace(flag)
			if len(flag) <= maxBeta && len(betas) < maxBetas && anthropicBeta.MatchString(flag) {
				betas = append(betas, flag)
			}
		}
	}
	if len(betas) > 0 {
		to["Anthropic-Beta"] = []string{strings.Join(betas, ",")}
	}
}
