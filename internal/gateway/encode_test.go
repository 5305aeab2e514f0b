package gateway

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/event"
)

// TestRecordsEncodeLikeJSON: what an exchange records is byte for byte what
// encoding/json makes of the same values, and reads back as them.
func TestRecordsEncodeLikeJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		opened, closed := reflect.New(reflect.TypeFor[Opened]()), reflect.New(reflect.TypeFor[Closed]())
		for _, c := range []struct {
			kind    string
			payload reflect.Value
		}{{KindOpened, opened}, {KindClosed, closed}} {
			fillRandomly(t, c.payload.Elem(), rnd)
			want, err := json.Marshal(c.payload.Interface())
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.payload.Interface().(event.Appender).AppendJSON([]byte("before"))
			if err != nil || string(got) != "before"+string(want) {
				t.Fatalf("got  %s, %v\nwant before%s", got, err, want)
			}
			ev := event.Event{Time: time.Unix(1, 0), Kind: c.kind, Payload: c.payload.Interface()}
			b, err := ev.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			back, err := event.Decode(b)
			if err != nil {
				t.Fatalf("decoding %s: %v", b, err)
			}
			if diff := cmp.Diff(c.payload.Elem().Interface(), back.Payload); diff != "" {
				t.Fatalf("read back (-kept +read):\n%s", diff)
			}
		}
	}
}

// fillRandomly sets every field of a value, or leaves it zero, by its type, so
// that a field that is added is tested too.
func fillRandomly(t *testing.T, v reflect.Value, rnd *rand.Rand) {
	t.Helper()
	if rnd.IntN(3) == 0 {
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *guard.Action:
		*p = guard.Action(rnd.IntN(int(guard.Allow) + 1))
		return
	case *guard.Origin:
		*p = guard.Origin(rnd.IntN(int(guard.OriginModel) + 1))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat(`a "text" \ of é 漢`, rnd.IntN(3)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(rnd.Int64N(1<<40) - 1<<20)
	case reflect.Float64:
		v.SetFloat(math.Pow(10, float64(rnd.IntN(60)-30)) * (rnd.Float64() - 0.2))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rnd.IntN(3), 3))
		for i := range v.Len() {
			fillRandomly(t, v.Index(i), rnd)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fillRandomly(t, v.Field(i), rnd)
		}
	default:
		t.Fatalf("no values for a %v: add them", v.Type())
	}
}

// TestRecordsOfHostileTexts: texts with characters that act on a terminal or that
// JSON cannot hold are escaped as they are in every event.
func TestRecordsOfHostileTexts(t *testing.T) {
	p := &Opened{Model: "a\x1b[2J\n\u202e\u2028\xff<b>&", Rule: "\U000e0041"}
	b, err := (&event.Event{Time: time.Unix(1, 0), Kind: KindOpened, Payload: p}).AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"model":"a\u001b[2J\u000a\u202e\u2028\ufffd<b>&","bytes":0,"texts":0,"action":"block","would":"block","rule":"\udb40\udc41"`; !strings.HasSuffix(string(b), want+"}}") {
		t.Errorf("got %s", b)
	}
}

// TestRecordWithoutNumber: a score that is no number is an error, not a record
// that nobody can read.
func TestRecordWithoutNumber(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1)} {
		p := &Closed{Count: 1, Findings: []FindingRecord{{Score: f}}}
		if b, err := p.AppendJSON([]byte("before")); err == nil || string(b) != "before" {
			t.Errorf("score %v: %s, %v", f, b, err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	ev := event.Event{Time: time.Unix(1767225600, 12345), Kind: KindOpened, Application: "app_0123456789abcdef", Request: newRequestID(),
		Payload: &Opened{Key: "key_0123456789abcdef", Route: "/v1/chat/completions", Model: "gpt-4o-mini", Upstream: "mock", Bytes: 700, Texts: 4,
			Session: "00112233445566778899aabbccddeeff", Action: guard.Allow, Would: guard.Allow, Policy: "sha256:0011223344556677"}}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = ev.AppendJSON(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
