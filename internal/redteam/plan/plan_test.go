package plan_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/plan"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/target"
)

func load(t *testing.T, more string) *target.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nkind: practice\nname: test\nlevel: 1\n"+more), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := target.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func spec(t *testing.T, families []string, ways ...string) plan.Spec {
	t.Helper()
	s := plan.Spec{Attempts: 20, Seed: 3, Twins: true}
	for _, f := range attack.Standard().List() {
		if families == nil || slices.Contains(families, f.ID) {
			s.Families = append(s.Families, f)
		}
	}
	for _, id := range ways {
		way, err := strategy.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		s.Strategies = append(s.Strategies, way)
	}
	return s
}

func made(t *testing.T, f *target.File, s plan.Spec) *plan.Plan {
	t.Helper()
	p, err := plan.Make(f, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDeterministic: the same choices give the same plan; another seed or target another
// one. No attempt stands in it twice.
func TestDeterministic(t *testing.T) {
	f, s := load(t, ""), spec(t, nil, plan.Standard...)
	s.Attempts = 4
	a, b := made(t, f, s), made(t, f, s)
	if a.Digest != b.Digest || !reflect.DeepEqual(a.Keys, b.Keys) {
		t.Error("two plans of the same choices differ")
	}
	ids := map[string]bool{}
	for _, k := range a.Keys {
		ids[k.ID()] = true
	}
	if len(ids) != len(a.Keys) || len(ids) < 1000 {
		t.Errorf("%d attempts, %d different; expected at least 1000 and none twice", len(a.Keys), len(ids))
	}
	s.Seed++
	if made(t, f, s).Digest == a.Digest {
		t.Error("another seed gives the same plan")
	}
	s.Seed--
	if made(t, load(t, "purpose: another\n"), s).Digest == a.Digest {
		t.Error("another target gives the same plan")
	}
}

// TestOrder: a run that is cut short has tried something of each cell.
func TestOrder(t *testing.T) {
	p := made(t, load(t, ""), spec(t, []string{"inj.direct", "leak.secret"}, "plain", "encode:base64"))
	seen := map[string]bool{}
	for _, k := range p.Keys[:6] { // two families by two strategies, and their twins
		seen[k.Family+k.Strategy+map[bool]string{true: "twin"}[k.Twin]] = true
	}
	if len(seen) != 6 {
		t.Errorf("the first six attempts are of %d cells", len(seen))
	}
}

// TestLeftOut: what cannot succeed is left out, with the reason, and comes in when the
// target file gives what it lacks.
func TestLeftOut(t *testing.T) {
	for _, c := range []struct {
		family, way, more, why string
	}{
		{"agent.destructive", "plain", "", "declares no tools"},
		{"agent.destructive", "plain", "tools: [{name: refund}]\n", ""},
		{"agent.destructive", "plain", "tools: [{name: refund}]\nallowed: [{tool: refund}]\n", "allows every call"},
		{"agent.cascade", "plain", "", "declares no tools"},
		{"leak.secret", "plain", "prompt: Be kind.\n", "needs a value for {{secret}}"},
		{"leak.secret", "plain", "prompt: The reference is {{canary.one}}.\ncanaries: [{name: one, made: true}]\n", ""},
		{"inj.indirect.tool", "turns:crescendo", "tools: [{name: send_email}]\n", "script"},
	} {
		p, err := plan.Make(load(t, c.more), spec(t, []string{c.family, "over.refusal"}, c.way))
		if err != nil {
			t.Fatal(err)
		}
		var why string
		for _, s := range p.Skipped {
			why += s.Why
		}
		if (c.why == "") != (why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s with %q is left out because of %q; expected %q", c.family, c.more, why, c.why)
		}
	}
}

// TestObjective: what is looked for is what the target file declares.
func TestObjective(t *testing.T) {
	f := load(t, `prompt: The references are {{canary.one}} and {{canary.two}}.
canaries: [{name: one, made: true}, {name: two, made: true}]
tools: [{name: find_order}, {name: refund}]
allowed: [{tool: find_order}]
forbidden: [{tool: refund, argument: amount}]
`)
	p := made(t, f, spec(t, []string{"leak.secret", "agent.destructive"}, "plain"))
	leaks, calls := 0, 0
	for _, k := range p.Keys {
		a, err := p.Attempt(k)
		if err != nil {
			t.Fatal(err)
		}
		o := a.Objective
		switch {
		case k.Twin:
			if !reflect.DeepEqual(o, probe.Objective{Benign: true}) {
				t.Fatalf("a twin has the objective %+v", o)
			}
		case k.Family == "leak.secret":
			leaks++
			for _, c := range f.Canaries {
				if !slices.Contains(o.Secrets, c.Value) {
					t.Fatalf("%v lacks the canary %s", o.Secrets, c.Name)
				}
			}
		default:
			calls++
			if !slices.Contains(o.Forbidden, probe.CallRule{Tool: "refund", Argument: "amount"}) {
				t.Fatalf("%v lacks the file's forbidden call", o.Forbidden)
			}
		}
	}
	if leaks != 20 || calls != 20 {
		t.Errorf("%d leaks, %d calls; expected 20 each", leaks, calls)
	}
}

// TestScripts: a script of several messages is sent turn by turn, the request last.
func TestScripts(t *testing.T) {
	p := made(t, load(t, ""), spec(t, []string{"leak.secret"}, "turns:crescendo"))
	for _, k := range p.Keys {
		a, err := p.Attempt(k)
		if err != nil {
			t.Fatal(err)
		}
		if k.Twin {
			continue
		}
		if first := a.Exchanges[0]; len(a.Exchanges) != 5 || first[0].Role != probe.RoleOperator || len(first) != 2 {
			t.Fatalf("%d exchanges, the first of %d messages; expected 5, and the planted instructions before the first", len(a.Exchanges), len(first))
		}
	}
}

// TestPower: more attempts show more, but of further seeds no more than the seeds can.
func TestPower(t *testing.T) {
	s := spec(t, []string{"inj.direct"}, "plain")
	few, err := made(t, load(t, ""), s).Power()
	if err != nil {
		t.Fatal(err)
	}
	s.Attempts = 200
	many, err := made(t, load(t, ""), s).Power()
	if err != nil {
		t.Fatal(err)
	}
	// 0 of 200: 1 - 0.05^(1/200) = 0.0149; 0 of 17 seeds: 0.1616.
	if w := many[0]; w.Attempts != 200 || w.Seeds != 17 || w.BelowHere < 0.0148 || w.BelowHere > 0.0150 || w.Below < 0.161 || w.Below >= few[0].BelowHere+0.03 {
		t.Errorf("%+v after %+v", w, few[0])
	}
}

func TestRefused(t *testing.T) {
	f, s := load(t, ""), spec(t, []string{"inj.direct"}, "plain")
	for name, change := range map[string]func(*plan.Spec){
		"no attempts":   func(s *plan.Spec) { s.Attempts = 0 },
		"too many":      func(s *plan.Spec) { s.Attempts = 1 << 40 },
		"no families":   func(s *plan.Spec) { s.Families = nil },
		"no strategies": func(s *plan.Spec) { s.Strategies = nil },
	} {
		c := s
		change(&c)
		if _, err := plan.Make(f, c); err == nil {
			t.Errorf("%s: a plan was made", name)
		}
	}
	if _, err := plan.Make(f, spec(t, []string{"agent.code"}, "plain")); err == nil || !strings.Contains(err.Error(), "no tools") {
		t.Errorf("%v; expected that nothing can succeed, and why", err)
	}
}
