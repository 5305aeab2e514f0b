package learn

import (
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
)

// judgedRows are rows of all kinds with what a model makes of them: honest texts of
// which every twentieth scores as attacks do, attacks, and requests for harm,
// which score higher still, and quotations, some of which score as attacks.
func judgedRows() (rows []Row, held []scored) {
	for _, o := range []guard.Origin{guard.OriginUser, guard.OriginDocument} {
		for i := range 200 {
			rows = append(rows, Row{Label: corpus.Benign, Source: "plain" + string(rune('a'+i%2)), Origin: o, Weight: 1})
			rows = append(rows, Row{Label: corpus.Injection, Source: "takeover", Origin: o, Weight: 1})
		}
		for range 60 {
			rows = append(rows, Row{Label: corpus.HarmfulRequest, Source: "harm", Origin: o, Weight: 1})
			rows = append(rows, Row{Label: corpus.BenignHard, Source: "quoting", Origin: o, Weight: 1})
			rows = append(rows, Row{Label: corpus.Jailbreak, Source: "unbound", Origin: o, Weight: 1})
		}
	}
	plain, hard := 0, 0
	for i := range rows {
		r := &rows[i]
		x := float32(4 + float64(i%7)/10)
		switch r.Label {
		case corpus.HarmfulRequest:
			x = 9
		case corpus.BenignHard:
			if hard++; hard%10 != 0 {
				x = -x
			}
		case corpus.Benign:
			if plain++; plain%20 != 0 {
				x = -x
			}
		}
		s := scored{row: r}
		for h := range heads {
			s.ev[h] = textmodel.Evidence{Passage: x, Window: x, Segments: 1}
		}
		s.known = s.ev
		held = append(held, s)
	}
	return rows, held
}

// Only ordinary texts are mined, of them those that score as attacks do, and only for
// the heads that were wrong.
func TestFalseAlarmsAreHonest(t *testing.T) {
	_, held := judgedRows()
	found, err := falseAlarms(held)
	if err != nil {
		t.Fatal(err)
	}
	n := map[guard.Origin]int{}
	for i, f := range found {
		any := f != [heads]bool{}
		r := held[i].row
		if want := r.Label == corpus.Benign && held[i].ev[0].Passage > 0; any && !want {
			t.Errorf("row %d, %s with score %v, is mined", i, r.Label, held[i].ev[0].Passage)
		}
		if any {
			n[r.Origin]++
		}
		if f[3] || f[2] && !r.data() {
			t.Errorf("row %d of %v is mined for heads %v", i, r.Origin, f)
		}
	}
	if n[guard.OriginUser] == 0 || n[guard.OriginDocument] == 0 {
		t.Errorf("mined %v; expected some of both origins", n)
	}
}

// A mined text counts twice beside other honest ones of its head; attacks, the honest
// windows of carriers and what was made of the text count as before.
func TestOnlyMinedTextsCountMore(t *testing.T) {
	rows := []Row{
		{Text: "mined", Label: corpus.Benign},
		{Text: "honest", Label: corpus.Benign},
		{Text: "attack", Label: corpus.Injection},
		{Text: "mined, disturbed", Label: corpus.Benign, Made: true},
	}
	s := &set{rows: rows}
	add := func(row int, y int8) {
		s.examples = append(s.examples, example{row: row, y: [heads]int8{y, y, ignored, y}, weight: [heads]float32{1, 1, 0, 1}})
	}
	for row := range rows {
		add(row, rows[row].targets()[0].y)
	}
	add(0, negative) // a window of the mined text
	add(2, negative) // an honest window of the carrier
	s.level()
	held := []scored{{row: &s.rows[0]}, {row: &s.rows[1]}, {row: &s.rows[2]}}
	found := [][heads]bool{{true}, {}, {}}
	before := append([]example(nil), s.examples...)
	after := s.heavier(held, found)
	for i := range before {
		if s.examples[i].weight != before[i].weight {
			t.Fatalf("example %d of the first set changed", i)
		}
		for h := range heads {
			// As a share of the honest text that was not mined.
			was := before[i].weight[h] / before[1].weight[h]
			is := after.examples[i].weight[h] / after.examples[1].weight[h]
			want := was
			if h == 0 && rows[before[i].row].Text == "mined" {
				want = mineFactor * was
			}
			if before[i].y[h] == positive {
				want, is = before[i].weight[h], after.examples[i].weight[h]
			}
			if before[i].y[h] != ignored && (is < want*0.999 || is > want*1.001) {
				t.Errorf("example %d, head %s: weighs %v, expected %v", i, Heads[h], is, want)
			}
		}
	}
	if after.digest == s.digest {
		t.Error("the mined set has the digest of the first: its units would be mixed up")
	}
}
