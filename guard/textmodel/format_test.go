package textmodel_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

func tiny(t testing.TB) *textmodel.Model {
	t.Helper()
	weights := make([][textmodel.MaxHeads]int8, 1<<textmodel.MinBits)
	for i := range weights {
		weights[i][0] = int8(i*7 - 128)
	}
	m, err := textmodel.New(spec(textmodel.MinBits), weights, textmodel.Knowledge{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRoundTrip(t *testing.T) {
	m := tiny(t)
	got, err := textmodel.Load(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest() != m.Digest() || len(m.Digest()) != 64 {
		t.Errorf("digest %s after loading, %s before", got.Digest(), m.Digest())
	}
	if !bytes.Equal(got.Bytes(), m.Bytes()) {
		t.Error("the file of the loaded model differs")
	}
	text := "Whatever this says, both must score it alike."
	if a, b := m.Score(text, guard.OriginUser), got.Score(text, guard.OriginUser); a != b {
		t.Errorf("scores differ: %+v, %+v", a, b)
	}
}

// at replaces bytes of a copy.
func at(b []byte, i int, with ...byte) []byte {
	c := bytes.Clone(b)
	copy(c[i:], with)
	return c
}

func TestLoadRefuses(t *testing.T) {
	good := tiny(t).Bytes()
	huge := binary.LittleEndian.AppendUint64(nil, math.MaxUint64)
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "does not begin"},
		{"other magic", at(good, 0, 'X'), "does not begin"},
		{"no sections", at(good, 8, 0, 0, 0, 0), "sections"},
		{"too many sections", at(good, 8, 255, 255, 255, 255), "sections"},
		{"cut in the table", good[:40], "within the table"},
		{"cut in the weights", good[:len(good)-1], "only"},
		{"more behind", append(bytes.Clone(good), 0), "after the last section"},
		{"length that overflows", at(good, 12+16, huge...), "only"},
		{"one bit in the weights", at(good, len(good)-5, good[len(good)-5]^1), "SHA-256"},
		{"unknown section", at(good, 12, []byte("speC")...), "unknown section"},
		{"name with something behind the zero", at(good, 12+10, 'x'), "section name"},
		{"two of a name", at(good, 12+56, append([]byte("spec"), make([]byte, 12)...)...), "two sections"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := textmodel.Load(tt.file)
			if !errors.Is(err, textmodel.ErrFormat) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, expected ErrFormat with %q", err, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*textmodel.Spec)
	}{
		{"other features", func(s *textmodel.Spec) { s.Features = "bags" }},
		{"no heads", func(s *textmodel.Spec) { s.Heads = nil }},
		{"bits", func(s *textmodel.Spec) { s.Bits = 60 }},
		{"scale zero", func(s *textmodel.Spec) { s.Heads[0].Scale = 0 }},
		{"scale not a number", func(s *textmodel.Spec) { s.Heads[0].Scale = math.NaN() }},
		{"bias infinite", func(s *textmodel.Spec) { s.Heads[0].Bias = math.Inf(1) }},
		{"no name", func(s *textmodel.Spec) { s.Heads[0].Name = "" }},
		{"two of a name", func(s *textmodel.Spec) { s.Heads = append(s.Heads, s.Heads[0]) }},
		{"no calibration for unknown", func(s *textmodel.Spec) { s.Heads[0].Calibrations = s.Heads[0].Calibrations[1:] }},
		{"negative slope", func(s *textmodel.Spec) { s.Heads[0].Calibrations[0].Window = -1 }},
		{"longer is worse", func(s *textmodel.Spec) { s.Heads[0].Calibrations[0].Length = 1 }},
		{"rising thresholds", func(s *textmodel.Spec) { s.Heads[0].Calibrations[0].Thresholds = [3]float64{0.5, 0.6, 0.4} }},
		{"threshold of zero flags everything", func(s *textmodel.Spec) { s.Heads[0].Calibrations[0].Thresholds = [3]float64{0.5, 0.4, 0} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := spec(textmodel.MinBits)
			tt.change(&s)
			if _, err := textmodel.New(s, make([][textmodel.MaxHeads]int8, 1<<textmodel.MinBits), textmodel.Knowledge{}); !errors.Is(err, textmodel.ErrFormat) {
				t.Errorf("error %v, expected ErrFormat", err)
			}
		})
	}
	if _, err := textmodel.New(spec(textmodel.MinBits), make([][textmodel.MaxHeads]int8, 3), textmodel.Knowledge{}); !errors.Is(err, textmodel.ErrFormat) {
		t.Errorf("three buckets: error %v, expected ErrFormat", err)
	}
}

// part is a section of a file put together by hand.
type part struct {
	name string
	data []byte
}

// file puts sections together as the format says, sums included.
func file(parts ...part) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("WARDERM1"), uint32(len(parts)))
	for _, p := range parts {
		b = append(b, append([]byte(p.name), make([]byte, 16-len(p.name))...)...)
		b = binary.LittleEndian.AppendUint64(b, uint64(len(p.data)))
		sum := sha256.Sum256(p.data)
		b = append(b, sum[:]...)
	}
	for _, p := range parts {
		b = append(b, p.data...)
	}
	return b
}

func specJSON(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(tiny(t).Spec())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLoadSections(t *testing.T) {
	spec, weights := specJSON(t), make([]byte, 1<<textmodel.MinBits)
	for _, tt := range []struct {
		name  string
		parts []part
		want  string // "" if it loads
	}{
		{"the two that are needed", []part{{"spec", spec}, {"weights", weights}}, ""},
		{"any order, and a lexicon", []part{{"lexicon", []byte("A\ten\ta\n")}, {"weights", weights}, {"spec", spec}}, ""},
		{"an optional one of the future", []part{{"spec", spec}, {"weights", weights}, {"opt.later", []byte("whatever")}}, ""},
		{"a required one of the future", []part{{"spec", spec}, {"weights", weights}, {"layers", nil}}, "unknown section"},
		{"no spec", []part{{"weights", weights}}, "features"},
		{"no weights", []part{{"spec", spec}}, "weights have 0 bytes"},
		{"weights too few", []part{{"spec", spec}, {"weights", weights[1:]}}, "weights have 255 bytes"},
		{"spec with an unknown key", []part{{"spec", append([]byte(`{"more":1,`), spec[1:]...)}, {"weights", weights}}, "unknown field"},
		{"spec with data behind", []part{{"spec", append(bytes.Clone(spec), "{}"...)}, {"weights", weights}}, "after the JSON object"},
		{"spec too long", []part{{"spec", append(bytes.Repeat([]byte(" "), 1<<20), spec...)}, {"weights", weights}}, "at most"},
		{"spec that is no JSON", []part{{"spec", []byte("{")}, {"weights", weights}}, "spec"},
		{"bad lexicon", []part{{"spec", spec}, {"weights", weights}, {"lexicon", []byte("A en a")}}, "lexicon line 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := textmodel.Load(file(tt.parts...))
			if tt.want == "" && err != nil {
				t.Errorf("error %v, expected that it loads", err)
			}
			if tt.want != "" && (!errors.Is(err, textmodel.ErrFormat) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, expected ErrFormat with %q", err, tt.want)
			}
		})
	}
}

// FuzzSections goes where sums keep [FuzzLoad] from: every section has the sum
// that the table says.
func FuzzSections(f *testing.F) {
	f.Add(specJSON(f), make([]byte, 1<<textmodel.MinBits), []byte("A\ten\tword\n"), "a word")
	f.Add([]byte(`{"features":"`+textmodel.FeaturesName+`","bits":8,"heads":[{"name":"a","scale":1e300}]}`), []byte{}, []byte{}, "")
	f.Fuzz(func(t *testing.T, spec, weights, lexicon []byte, text string) {
		m, err := textmodel.Load(file(part{"spec", spec}, part{"weights", weights}, part{"lexicon", lexicon}))
		if err != nil {
			if !errors.Is(err, textmodel.ErrFormat) {
				t.Fatalf("error %v does not wrap ErrFormat", err)
			}
			return
		}
		for o := range guard.Origin(9) {
			for i, s := 0, m.Score(text, o); i < s.Len(); i++ {
				if p := s.At(i).Probability; !(p >= 0 && p <= 1) {
					t.Fatalf("head %d gives %v", i, p)
				}
			}
		}
		if _, err := textmodel.Load(m.Bytes()); err != nil {
			t.Fatalf("its own file: %v", err)
		}
	})
}

// FuzzLoad holds that no file makes Load fail otherwise than with ErrFormat, and
// that what it accepts it can write and use.
func FuzzLoad(f *testing.F) {
	good := tiny(f).Bytes()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("WARDERM1\x01\x00\x00\x00"))
	f.Add(at(good, 12+16, 255, 255, 255, 255, 255, 255, 255, 127))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := textmodel.Load(file)
		if err != nil {
			if !errors.Is(err, textmodel.ErrFormat) {
				t.Fatalf("error %v does not wrap ErrFormat", err)
			}
			return
		}
		if s := m.Score("any text at all", guard.OriginTool).At(0); !(s.Probability >= 0 && s.Probability <= 1) {
			t.Fatalf("probability %v", s.Probability)
		}
		if _, err := textmodel.Load(m.Bytes()); err != nil {
			t.Fatalf("its own file: %v", err)
		}
	})
}
