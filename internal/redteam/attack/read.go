package attack

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/guard/strictyaml"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/taxonomy"
)

// Bounds of a family.
const (
	MaxSeeds    = 1000    // of a YAML file
	MaxText     = 1 << 16 // bytes of a seed's text
	MaxMessages = 1 << 20 // bytes of a case
	maxFrames   = 16      // messages of a case
	maxValues   = 256     // of a variable
)

var (
	familyID = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$`)
	seedID   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// Read reads a family. name is what errors call the file; they are those of package
// strictyaml, with lines.
func Read(name string, data []byte) (*Family, error) {
	var form familyForm
	file, err := strictyaml.Decode(name, data, &form)
	if err != nil {
		return nil, err
	}
	r := reader{file: file, form: &form}
	f := r.family()
	if err := file.Err(); err != nil {
		return nil, err
	}
	r.trial(f)
	if err := file.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// reader checks what a file means.
type reader struct {
	file *strictyaml.File
	form *familyForm
}

func (r *reader) family() *Family {
	form := r.form
	if !familyID.MatchString(form.ID) || len(form.ID) > 64 {
		r.file.Errorf("id", "id is %q; expected words of a-z, 0-9 and - with dots between, such as inj.direct", clip(form.ID))
	}
	for key, text := range map[string]string{"title": form.Title, "description": form.Description, "goal": form.Goal, "fix": form.Fix} {
		r.prose(key, text)
	}
	if !slices.Contains(Judges, form.Judge) {
		r.file.Errorf("judge", "judge is %q; expected one of %s", clip(form.Judge), strings.Join(Judges, ", "))
	}
	if form.Severity == "" {
		r.file.Errorf("severity", "severity is missing")
	}
	for i, id := range form.Frameworks {
		if e, _ := taxonomy.Lookup(id); e.Retired {
			r.file.Errorf(strictyaml.Index("frameworks", i), "%s is retired; expected %s", id, e.Next)
		} else if e.ID == "" {
			r.file.Errorf(strictyaml.Index("frameworks", i), "framework id %q is not known; expected one with its edition, such as LLM01:2025 or AML.T0051.000", clip(id))
		}
	}
	r.values()
	f := &Family{
		ID: form.ID, Title: form.Title, Description: form.Description, Goal: form.Goal, Frameworks: form.Frameworks,
		Judge: form.Judge, Severity: Severity(form.Severity), Fix: form.Fix, values: form.Values,
		messages: []frame{{role: probe.RoleUser, text: "{{text}}"}},
	}
	if form.Messages != nil {
		f.messages = r.frames("messages", form.Messages)
	}
	f.objective = r.objective("objective", form.Objective)
	r.seeds(f)
	return f
}

// prose checks a text that is shown to people: one that is there, and shows as it is.
func (r *reader) prose(key, text string) {
	switch {
	case strings.TrimSpace(text) == "" || len(text) > 2000:
		r.file.Errorf(key, "%s has %d bytes; expected 1 to 2000", key, len(text))
	case strings.ContainsFunc(text, func(c rune) bool { return c != '\n' && !unicode.IsGraphic(c) }):
		r.file.Errorf(key, "%s has characters that do not show", key)
	}
}

func (r *reader) values() {
	for name, list := range r.form.Values {
		path := strictyaml.Join("values", name)
		switch {
		case !variable.MatchString("{{"+name+"}}") || name == "text" || name == "prompt":
			r.file.Errorf(path, "%q cannot be the name of a variable; expected a word of a-z and _, not text or prompt", clip(name))
		case len(list) == 0 || len(list) > maxValues:
			r.file.Errorf(path, "%s has %d values; expected 1 to %d", name, len(list), maxValues)
		}
		for i, v := range list {
			if v == "" || len(v) > MaxText || variable.MatchString(v) {
				r.file.Errorf(strictyaml.Index(path, i), "a value of %s is empty, longer than %d bytes, or has a variable in it", name, MaxText)
			}
		}
	}
}

// known checks that the variables of a template have values.
func (r *reader) known(path, template string, also ...string) {
	for _, name := range variables(template) {
		if made[name] == nil && r.form.Values[name] == nil && name != "prompt" && !slices.Contains(also, name) {
			r.file.Errorf(path, "variable {{%s}} has no value; expected one of values, or marker, secret, host, person, account, email, model, number, prompt", name)
		}
	}
}

func (r *reader) seeds(f *Family) {
	if n := len(r.form.Seeds); n == 0 || n > MaxSeeds {
		r.file.Errorf("seeds", "%d seeds; expected 1 to %d", n, MaxSeeds)
	}
	places := map[probe.Role]bool{}
	ids := map[string]bool{}
	for i, form := range r.form.Seeds {
		path := strictyaml.Index("seeds", i)
		s := Seed{ID: form.ID, Language: form.Language, Text: form.Text, Twin: form.Twin}
		if s.Language == "" {
			s.Language = "en"
		}
		switch {
		case !seedID.MatchString(s.ID) || ids[s.ID]:
			r.file.Errorf(path, "id of a seed is %q; expected a-z, 0-9 and -, and none twice", clip(s.ID))
		case !language.MatchString(s.Language):
			r.file.Errorf(path, "language is %q; expected such as en, de or pt-BR", clip(s.Language))
		case strings.TrimSpace(s.Text) == "" || len(s.Text) > MaxText || len(s.Twin) > MaxText:
			r.file.Errorf(path, "text and twin have %d and %d bytes; expected a text, and at most %d", len(s.Text), len(s.Twin), MaxText)
		}
		ids[s.ID] = true
		r.known(path, s.Text+s.Twin)
		if form.Messages != nil {
			s.messages = r.frames(strictyaml.Join(path, "messages"), form.Messages)
		}
		if form.Objective != nil {
			o := r.objective(strictyaml.Join(path, "objective"), *form.Objective)
			s.objective = &o
		}
		for _, m := range s.frames(f) {
			places[m.role] = places[m.role] || strings.Contains(m.text, "{{text}}")
		}
		f.Seeds = append(f.Seeds, s)
	}
	for role, has := range places {
		if has {
			f.Places = append(f.Places, string(role))
		}
	}
	slices.Sort(f.Places)
}

// trial makes each seed once: one that could never succeed is refused. What a target
// must hold itself is not missed here.
func (r *reader) trial(f *Family) {
	for i := range f.Seeds {
		path := strictyaml.Index("seeds", i)
		_, err := f.Make(i, 0, Setting{Plant: true})
		var needs NeedsError
		if err != nil && !errors.As(err, &needs) {
			r.file.Errorf(path, "%v", err)
		} else if !f.Seeds[i].possible(f) {
			r.file.Errorf(path, "no message has the marker, host or argument that the judge waits for: the attack could never succeed")
		}
	}
}

// clip bounds outside text in an error.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
