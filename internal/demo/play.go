package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"warder.example/internal/gateway"
	"warder.example/internal/ledger"
)

// tally counts what the scenes showed.
type tally struct{ attacks, worked, stopped, honest, passed, surprises int }

func (s *stage) play(ctx context.Context) error {
	s.opening()
	var t tally
	for i, sc := range append(scenes(), shortcomings()...) {
		if err := s.scene(ctx, i+1, sc, &t); err != nil {
			return fmt.Errorf("scene %q: %w", sc.title, err)
		}
	}
	s.closing(t)
	if t.surprises > 0 && s.Upstream == "" {
		return fmt.Errorf("%d scenes did not go as written", t.surprises)
	}
	if s.Stay {
		s.say("", "Everything stays up for you to try. Ctrl-C ends it and leaves nothing behind.")
		<-ctx.Done()
	}
	return ctx.Err()
}

// scene plays one scene on the bare target and through Warder.
func (s *stage) scene(ctx context.Context, n int, sc scene, t *tally) error {
	s.heading(fmt.Sprintf("%d. %s", n, sc.title))
	s.say("", sc.lesson)
	s.say("request", last(sc.messages))
	bare, err := s.ask(ctx, s.target, s.UpstreamKey, sc, nil)
	if err != nil {
		return err
	}
	s.say("bare", told(bare))
	through, err := s.ask(ctx, s.through, s.key, sc, nil)
	if err != nil {
		return err
	}
	s.say("Warder", told(through))
	seen, err := s.operatorSide(through.request)
	if err != nil {
		return err
	}
	for _, line := range seen {
		s.say("operator", line)
	}
	s.judge(sc, bare, through, seen, t)
	return nil
}

// judge says whether the scene went as written.
func (s *stage) judge(sc scene, bare, through heard, seen []string, t *tally) {
	leaked := sc.leaks != "" && strings.Contains(through.text, sc.leaks)
	if sc.leaks != "" {
		t.attacks++
		if strings.Contains(bare.text, sc.leaks) {
			t.worked++
		}
		if !leaked {
			t.stopped++
		}
		if leaked != sc.missed {
			t.surprises++
			s.say("!", "this did not go as written")
		}
		return
	}
	t.honest++
	flagged := through.stopped() || len(seen) > 0 && strings.Contains(seen[0], "flag")
	if !through.stopped() {
		t.passed++
	}
	if sc.missed && !flagged || !sc.missed && through.stopped() {
		t.surprises++
		s.say("!", "this did not go as written")
	}
}

// operatorSide reads from the audit log what was recorded of a request.
func (s *stage) operatorSide(request string) ([]string, error) {
	var out []string
	err := ledger.Scan(s.ledger, 0, func(e ledger.Entry) error {
		if e.Event.Request != request {
			return nil
		}
		switch p := e.Event.Payload.(type) {
		case gateway.Opened:
			out = append(out, findings("request", p.Action.String(), p.Rule, p.Findings)...)
		case gateway.Closed:
			out = append(out, findings("answer", p.Action.String(), p.Rule, p.Findings)...)
		}
		return nil
	})
	return out, err
}

func findings(where, action, rule string, fs []gateway.FindingRecord) []string {
	var out []string
	for i, f := range fs {
		if i == 3 {
			out = append(out, fmt.Sprintf("and %d more", len(fs)-i))
			break
		}
		line := fmt.Sprintf("%s: %s, %s %.2f by %s", where, action, f.Category, f.Score, f.Detector)
		if f.Rule != "" {
			line += "/" + f.Rule
		}
		if f.View != "" {
			line += ", seen after " + f.View
		}
		if f.Path != "" {
			line += ", in " + f.Path
		}
		if rule != "" {
			line += "; rule " + rule
		}
		out = append(out, line)
	}
	return out
}

// told says what a caller got, in a line.
func told(h heard) string {
	switch {
	case h.status != 200:
		return fmt.Sprintf("%d %s: %s", h.status, h.code, h.text)
	case h.finish == "content_filter":
		return fmt.Sprintf("%q [cut here: content_filter]", h.text)
	case h.finish == "error":
		return fmt.Sprintf("%q [broken here: %s]", h.text, h.code)
	}
	return fmt.Sprintf("%q", h.text)
}

func last(ms []message) string { return fmt.Sprintf("%q", ms[len(ms)-1].Content) }

func (s *stage) opening() {
	s.heading("Warder, in five minutes")
	if s.Upstream == "" {
		s.say("", "The target is a simulator by the authors of Warder: an assistant that is gullible by rule. "+
			"What works on it, or fails, says nothing about a real model. UPSTREAM=URL MODEL=NAME uses a real one instead.")
	}
	s.say("target", s.target)
	s.say("Warder", s.through)
	s.say("key", s.key)
	fmt.Fprintf(s.Out, "\n%s\n", s.tryIt())
}

// tryIt returns lines to copy. test/e2e.sh runs the first two.
func (s *stage) tryIt() string {
	model := "practice-2"
	if s.Upstream != "" {
		model = s.Model
	}
	return strings.NewReplacer("$URL", s.through, "$KEY", s.key, "$MODEL", model).Replace(strings.TrimPrefix(`
  # curl (run by this project's tests)
  curl $URL/chat/completions -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '{"model":"$MODEL","messages":[{"role":"user","content":"Hello there"}]}'

  # Node, after npm install openai (run by this project's tests)
  node --input-type=module -e 'import OpenAI from "openai"; const c = new OpenAI({baseURL: "$URL", apiKey: "$KEY"}); console.log((await c.chat.completions.create({model: "$MODEL", messages: [{role: "user", content: "Hello there"}]})).choices[0].message.content)'

  # Python, after pip install openai (not run by any test here)
  python3 -c 'from openai import OpenAI; c = OpenAI(base_url="$URL", api_key="$KEY"); print(c.chat.completions.create(model="$MODEL", messages=[{"role": "user", "content": "Hello there"}]).choices[0].message.content)'
`, "\n"))
}

func (s *stage) closing(t tally) {
	s.heading("What you saw")
	s.say("", fmt.Sprintf("Of %d attacks, %d worked on the bare target and %d did through Warder. Of %d honest requests, %d passed.",
		t.attacks, t.worked, t.attacks-t.stopped, t.honest, t.passed))
	for _, line := range measured() {
		s.say("", line)
	}
}

const width = 100

func (s *stage) heading(text string) {
	if s.Plain {
		fmt.Fprintf(s.Out, "\n== %s\n", text)
		return
	}
	fmt.Fprintf(s.Out, "\n\x1b[1m== %s\x1b[0m\n", text)
}

// say prints a labelled text, wrapped. What came from outside is made harmless
// for terminals.
func (s *stage) say(label, text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	indent := strings.Repeat(" ", 11)
	line, n := fmt.Sprintf("  %-9s", label), 0
	for _, w := range strings.Fields(text) {
		if n > 0 && n+len(w)+1 > width-len(indent) && len(w) < 60 {
			fmt.Fprintln(s.Out, line)
			line, n = indent, 0
		}
		if n > 0 {
			line += " "
		}
		line += w
		n += len(w) + 1
	}
	fmt.Fprintln(s.Out, strings.TrimRight(line, " "))
}

var errNoModel = errors.New("MODEL is not set; name the model to ask at UPSTREAM")

// Check says what is missing from the options.
func (o Options) Check() error {
	if o.Upstream != "" && o.Model == "" {
		return errNoModel
	}
	return nil
}
