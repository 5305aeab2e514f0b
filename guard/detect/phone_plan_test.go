package detect

import (
	"bytes"
	"compress/flate"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

var updatePhonePlan = flag.Bool("update-phone-plan", false, "write phone_plan.bin from the phonenumbers module")

// TestPhonePlanIsCurrent builds the numbering plan from the metadata of the
// phonenumbers module and compares it with the embedded file.
func TestPhonePlanIsCurrent(t *testing.T) {
	if testing.Short() && !*updatePhonePlan {
		t.Skip("builds the world's numbering plan")
	}
	got := packPlan(t, buildPlan(t))
	if *updatePhonePlan {
		if err := os.WriteFile("phone_plan.bin", got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("phone_plan.bin")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(inflate(t, got), inflate(t, want)) {
		t.Error("phone_plan.bin is not what the phonenumbers module says; run: go test ./guard/detect -run PhonePlan -update-phone-plan")
	}
}

func inflate(t *testing.T, b []byte) []byte {
	t.Helper()
	out, err := io.ReadAll(flate.NewReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// planState is a state of the automaton: ten transitions (0: none), and what
// ends here.
type planState struct {
	next   [10]uint16
	accept uint8
}

// buildPlan returns the automaton of all numbers that the metadata calls valid.
func buildPlan(t *testing.T) *plan {
	t.Helper()
	coll, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var inter, national []string
	for _, m := range coll.GetMetadata() {
		var alts []string
		for _, d := range []*phonenumbers.PhoneNumberDesc{m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(),
			m.GetSharedCost(), m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail()} {
			if p := d.GetNationalNumberPattern(); p != "" && p != "NA" {
				alts = append(alts, strings.ReplaceAll(p, "\n", ""))
			}
		}
		if len(alts) == 0 {
			continue
		}
		all := "(?:" + strings.Join(alts, "|") + ")"
		inter = append(inter, strconv.Itoa(int(m.GetCountryCode()))+all)
		if np := m.GetNationalPrefix(); np != "" && len(np) <= 2 {
			national = append(national, "(?:"+np+")?"+all)
		} else {
			national = append(national, all)
		}
	}
	p := &plan{states: make([]planState, 1), memo: map[string]uint16{}}
	p.roots[0] = p.add(t, inter)
	p.roots[1] = p.add(t, national)
	return p
}

// plan is the automaton being built; state 0 is dead.
type plan struct {
	states []planState
	roots  [2]uint16         // of international numbers without "+", of national ones
	memo   map[string]uint16 // state contents to number
}

// add determinises and minimises the union of the patterns, which accept
// finitely many strings of digits, bottom up.
func (p *plan) add(t *testing.T, patterns []string) uint16 {
	t.Helper()
	re, err := syntax.Parse(strings.Join(patterns, "|"), syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]uint16{}
	return p.walk(t, prog, closure(prog, []uint32{uint32(prog.Start)}), seen, 0)
}

func (p *plan) walk(t *testing.T, prog *syntax.Prog, set []uint32, seen map[string]uint16, depth int) uint16 {
	if depth > 24 {
		t.Fatal("a pattern of the metadata accepts unbounded numbers")
	}
	raw := make([]byte, 0, 4*len(set))
	for _, pc := range set {
		raw = append(raw, byte(pc), byte(pc>>8), byte(pc>>16))
	}
	key := string(raw)
	if id, ok := seen[key]; ok {
		return id
	}
	var s planState
	for d := range 10 {
		var next []uint32
		for _, pc := range set {
			in := &prog.Inst[pc]
			if in.Op == syntax.InstMatch {
				s.accept = 1
			} else if in.MatchRune(rune('0' + d)) {
				next = append(next, in.Out)
			}
		}
		if len(next) > 0 {
			s.next[d] = p.walk(t, prog, closure(prog, next), seen, depth+1)
		}
	}
	k := fmt.Sprint(s)
	id, ok := p.memo[k]
	if !ok {
		if len(p.states) > 65000 {
			t.Fatal("the plan has too many states")
		}
		id = uint16(len(p.states))
		p.states = append(p.states, s)
		p.memo[k] = id
	}
	seen[key] = id
	return id
}

// closure follows empty transitions and returns the consuming ones, sorted.
func closure(prog *syntax.Prog, pcs []uint32) []uint32 {
	var out []uint32
	visited := map[uint32]bool{}
	for len(pcs) > 0 {
		pc := pcs[len(pcs)-1]
		pcs = pcs[:len(pcs)-1]
		if visited[pc] {
			continue
		}
		visited[pc] = true
		switch in := &prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			pcs = append(pcs, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			pcs = append(pcs, in.Out)
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	slices.Sort(out)
	return out
}

func packPlan(t *testing.T, p *plan) []byte {
	t.Helper()
	var raw bytes.Buffer
	for _, n := range p.roots {
		raw.WriteByte(byte(n))
		raw.WriteByte(byte(n >> 8))
	}
	for _, s := range p.states {
		for _, n := range s.next {
			raw.WriteByte(byte(n))
			raw.WriteByte(byte(n >> 8))
		}
		raw.WriteByte(s.accept)
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(raw.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
