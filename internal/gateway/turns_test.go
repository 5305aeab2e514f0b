package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/internal/access"
)

// TestTurnsAreReadOnce: of a conversation that grows, only what is new is read,
// and what was read for one application, or under one policy, counts for no other.
func TestTurnsAreReadOnce(t *testing.T) {
	const turns = 20
	r := newRig(t, answers("application/json", answerBody("fine")), rigOptions{
		config: "policy: p.yaml\npolicies: {other: p.yaml}\n", files: map[string]string{"p.yaml": policyText},
		apps: []access.Application{{ID: "app_9", Name: "other", Environment: access.Prod, DataClass: access.Internal,
			Refusal: access.RefusalError, Mode: access.ModeEnforce, Policy: "other"}},
	})
	seen := map[string]*counting{}
	st := r.server.state.Load()
	for name, p := range st.protections {
		seen[name] = &counting{}
		p.guard.Detectors = append([]guard.Detector{seen[name]}, p.guard.Detectors...)
	}
	var messages []map[string]string
	body := func() string {
		b, err := json.Marshal(map[string]any{"model": "m1", "messages": messages})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	say := func(role, text string) { messages = append(messages, map[string]string{"role": role, "content": text}) }
	say("system", "You are a helpful clerk.")
	// Models, roles and the like are texts as well, and the same in each request.
	prose := func(texts []string) (out []string) {
		for _, s := range texts {
			if strings.Contains(s, " ") {
				out = append(out, s)
			}
		}
		return out
	}
	for i := range turns {
		question, want := fmt.Sprintf("And what about shelf number %d, please?", i), []string{}
		if i == 0 {
			want = append(want, "You are a helpful clerk.")
		} else {
			reply := fmt.Sprintf("Shelf number %d is empty.", i-1)
			say("assistant", reply)
			want = append(want, reply)
		}
		say("user", question)
		want = append(want, question)
		if p := r.post("app", body()); p.status != http.StatusOK {
			t.Fatalf("turn %d: %d %s", i, p.status, p.body)
		}
		// The answer of the model is read each time; it is not part of this.
		got := prose(seen[""].take())
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("turn %d: read %q; want %q", i, got, want)
		}
	}
	for _, c := range []struct {
		app, policy string
		want        int
	}{{"app", "", 0}, {"soft", "", len(messages)}, {"soft", "", 0}, {"other", "other", len(messages)}, {"other", "other", 0}, {"app", "", 0}} {
		if p := r.post(c.app, body()); p.status != http.StatusOK {
			t.Fatalf("%s: %d %s", c.app, p.status, p.body)
		}
		if got := prose(seen[c.policy].take()); len(got) != c.want {
			t.Errorf("%s: read %d texts again; want %d: %q", c.app, len(got), c.want, got)
		}
	}
	// Nor would the same application share it between two policies.
	text := &guard.Text{Content: messages[1]["content"], Origin: guard.OriginUser, Direction: guard.Request, Exchange: &guard.Exchange{Application: "app_x"}}
	st.protections[""].history.Put(text, nil)
	if _, ok := st.protections[""].history.Get(text); !ok {
		t.Error("what was put is not there")
	}
	if _, ok := st.protections["other"].history.Get(text); ok {
		t.Error("two policies share what was found")
	}
}
