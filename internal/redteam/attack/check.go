package attack

import (
	"slices"
	"strings"

	"warder.example/guard/strictyaml"
	"warder.example/internal/redteam/probe"
)

// frames checks the messages around a seed.
func (r *reader) frames(path string, forms []frameForm) []frame {
	out, texts := make([]frame, 0, len(forms)), 0
	for i, m := range forms {
		at := strictyaml.Index(path, i)
		texts += strings.Count(m.Text, "{{text}}")
		r.known(at, m.Text, "text")
		r.known(at, m.Tool)
		switch role := probe.Role(m.Role); {
		case m.Role == "":
			r.file.Errorf(at, "role is missing")
		case (role == probe.RoleTool || role == probe.RoleManifest) != (m.Tool != ""):
			r.file.Errorf(at, "tool is named by messages of role tool and manifest, and by no other")
		case role == probe.RoleOperator && !m.Plant:
			r.file.Errorf(at, "an attacker does not speak as the operator; such a message can only be planted (plant: true)")
		case m.Plant && strings.Contains(m.Text, "{{text}}"):
			r.file.Errorf(at, "{{text}} is what attacks; a message with it cannot be planted")
		case m.Text == "" || len(m.Text) > MaxText:
			r.file.Errorf(at, "text has %d bytes; expected 1 to %d", len(m.Text), MaxText)
		}
		out = append(out, frame{role: probe.Role(m.Role), tool: m.Tool, text: m.Text, plant: m.Plant})
	}
	if texts != 1 || len(forms) > maxFrames {
		r.file.Errorf(path, "%d messages have {{text}} %d times; expected at most %d messages, and {{text}} once", len(forms), texts, maxFrames)
	}
	return out
}

// objective checks a goal.
func (r *reader) objective(path string, form objectiveForm) objective {
	o := objective{
		marker: form.Marker, prompt: form.Prompt, host: form.Host, harm: form.Harm, reference: form.Reference,
		secrets: form.Secrets, sinks: form.Sinks, registry: form.Registry,
		mostTokens: form.MostTokens, mostCalls: form.MostCalls, benign: form.Benign, asked: form.Asked,
	}
	for _, c := range form.Forbidden {
		o.forbidden = append(o.forbidden, probe.CallRule(c))
		r.known(path, c.Tool+c.Contains)
		if c.Tool == "" {
			r.file.Errorf(path, "a forbidden call names no tool; expected a name, or *")
		}
	}
	for _, t := range append([]string{o.marker, o.prompt, o.host, o.harm, o.reference}, append(o.secrets, o.registry...)...) {
		r.known(path, t)
	}
	if slices.Contains(o.secrets, "") || o.mostTokens < 0 || o.mostCalls < 0 {
		r.file.Errorf(path, "an empty secret or a bound below 0 is no objective")
	}
	if missing := o.lacks(r.form.Judge); missing != "" {
		r.file.Errorf(path, "judge %s decides by %s, which the objective does not have", r.form.Judge, missing)
	}
	return o
}

// lacks names what a judge needs and the objective does not have.
func (o objective) lacks(judge string) string {
	has, what := true, ""
	switch judge {
	case "marker":
		has, what = o.marker != "", "a marker"
	case "canary":
		has, what = len(o.secrets) > 0, "secrets"
	case "promptoverlap":
		has, what = o.asked, "prompt_asked"
	case "toolcalls":
		has, what = len(o.forbidden) > 0, "forbidden calls"
	case "html", "markdown", "sql", "shell", "url", "ansi", "template":
		has, what = slices.Contains(o.sinks, judge), "sink "+judge
	case "refusal":
		has, what = o.benign, "a benign request"
	case "grounded":
		has, what = o.reference != "", "a reference"
	case "registry":
		has, what = len(o.registry) > 0, "a registry"
	case "harm":
		has, what = o.harm != "", "a kind of harm"
	case "cost":
		has, what = o.mostTokens+o.mostCalls > 0, "most_tokens or most_calls"
	}
	if has {
		return ""
	}
	return what
}
