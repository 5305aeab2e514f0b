package main

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// Fixed parts of many rules.
const (
	lead = `[\w.-]{0,50}?` // what may precede the name: the engine looks for the name itself
	gap  = `(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}`
	// pad stands before the value; aligned tables have more.
	pad     = `[\x60'"\s=]{0,5}`
	widePad = `[\x60'"\s=]{0,16}`
	tail    = `(?:[\x60'"\s;]|\\[nr]|$)`
	// chatTail replaces tail: in prose a secret is followed by any
	// character that cannot be part of one.
	chatTail = `(?:[^0-9A-Za-z_+/=~-]|$)`
)

// rewritten gives an expression of ours for rules whose own has no literal at
// its start, or is endless where ours need not be.
var rewritten = map[string]string{
	"jwt":                         `\b(eyJ[a-zA-Z0-9_-]{14,}\.eyJ[a-zA-Z0-9/\\_-]{14,}\.(?:[a-zA-Z0-9/\\_-]{10,}={0,2})?)` + chatTail,
	"sourcegraph-access-token":    `(?i)\b(sgp_(?:(?:[a-f0-9]{16}|local)_)?[a-f0-9]{40})\b`,
	"facebook-access-token":       `(?i)facebook` + gap + `(\d{15,16}(?:\||%)[0-9a-z_-]{27,40})` + chatTail,
	"maxmind-license-key":         `(?i)maxmind` + gap + `([a-z0-9]{6}_[a-z0-9]{29}_mmk)` + chatTail,
	"hashicorp-tf-api-token":      `(?i)(?:terraform|tfe|tfc|atlas)` + gap + `([a-z0-9]{14}\.atlasv1\.[a-z0-9_=-]{60,70})` + chatTail,
	"microsoft-teams-webhook":     `https://[a-z0-9]{1,63}\.webhook\.office\.com/webhookb2/[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}@[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}`,
	"slack-webhook-url":           `(?:https?://)?hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{43,56}`,
	"sidekiq-sensitive-url":       `(?i)\bhttps?://([a-f0-9]{8}:[a-f0-9]{8})@(?:gems|enterprise)\.contribsys\.com\b`,
	"slack-app-token":             `(?i)xapp-\d-[A-Z0-9]{4,32}-\d{4,32}-[a-z0-9]{16,128}`,
	"slack-bot-token":             `xoxb-[0-9]{10,13}-[0-9]{10,13}[a-zA-Z0-9-]{0,64}`,
	"slack-legacy-token":          `xox[os]-\d{4,16}-\d{4,16}-\d{4,16}-[a-fA-F\d]{6,64}`,
	"new-relic-insert-key":        `\b(NRII-[A-Za-z0-9-]{32})` + chatTail,
	"new-relic-browser-api-token": `\b(NRJS-[a-f0-9]{19})` + chatTail,
	"new-relic-user-api-key":      `\b(NRAK-[A-Z0-9]{27})` + chatTail,
}

// leftOut says why a rule is not taken over.
var leftOut = map[string]string{
	"anthropic-admin-api-key": "Warder's own rule covers it",
	"anthropic-api-key":       "Warder's own rule covers it",
	"azure-ad-client-secret":  "no literal at its start",
	"curl-auth-header":        "endless context; Warder's own authorization rules cover it",
	"curl-auth-user":          "endless context; Warder's own authorization rules cover it",
	"kubernetes-secret-yaml":  "endless context; the generic rule covers it",
	"private-key":             "Warder's own recogniser of PEM blocks covers it",
	"hashicorp-tf-password":   "needs a file name",
	"nuget-config-password":   "needs a file name",
	"freemius-secret-key":     "needs a file name",
	"pkcs12-file":             "needs a file name",
}

// limits bounds endless expressions, in bytes.
var limits = map[string]int{
	"jwt": 4096, "jwt-base64": 4096, "1password-service-account-token": 2048, "flyio-access-token": 2048,
}

// converted is one rule as the engine wants it.
type converted struct {
	kind     string
	keywords []string
	expr     string
}

// convert returns the engine's rules for one rule: one for each alternative.
func convert(r *rule) ([]converted, error) {
	expr := r.Regex
	group := max(r.SecretGroup, 1)
	if r.ID == "jwt-base64" {
		group = 0
	}
	if s, ok := rewritten[r.ID]; ok {
		expr, group = s, 1
	}
	named := strings.Contains(expr, gap) || strings.Contains(expr, `[\s'"]{0,3})(?:=|>|:{1,3}=`)
	expr = strings.ReplaceAll(expr, lead, "")
	expr = strings.ReplaceAll(expr, tail, chatTail)
	expr = strings.ReplaceAll(expr, pad, widePad)
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpAlternate {
		parts = re.Sub
	}
	var out []converted
	for _, p := range parts {
		kind := "secretFormat"
		if named && strings.Contains(p.String(), `\?=`) {
			kind = "secretNamed"
		}
		if r.ID == "generic-api-key" {
			kind = "secretGeneric"
		}
		if len(parts) > 1 && group > 0 {
			group = firstGroup(p)
		}
		c := converted{kind: kind}
		set, _, ok := literals(p)
		if !ok {
			return nil, fmt.Errorf("no literal at the start of %s", p)
		}
		c.keywords = set
		c.expr = keepGroup(p, group).String()
		if _, err := syntax.Parse(c.expr, syntax.Perl); err != nil {
			return nil, fmt.Errorf("printing %q: %w", c.expr, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// firstGroup returns the number of the first capture group, 0 without one.
func firstGroup(re *syntax.Regexp) int {
	if re.Op == syntax.OpCapture {
		return re.Cap
	}
	for _, s := range re.Sub {
		if n := firstGroup(s); n > 0 {
			return n
		}
	}
	return 0
}

// keepGroup removes every capture group but one.
func keepGroup(re *syntax.Regexp, group int) *syntax.Regexp {
	for i := range re.Sub {
		re.Sub[i] = keepGroup(re.Sub[i], group)
	}
	if re.Op == syntax.OpCapture {
		if re.Cap != group {
			return re.Sub[0]
		}
		re.Name = ""
	}
	return re
}
