package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"warder.example/internal/event"
)

type cargo struct {
	Name  string `json:"name"`
	Count int    `json:"count,omitempty"`
}

type handmade struct{ text string }

func (h handmade) AppendJSON(dst []byte) ([]byte, error) {
	if h.text == "fail" {
		return dst, errors.New("no cargo")
	}
	return append(dst, h.text...), nil
}

func init() { event.Register[cargo]("test.cargo") }

var noon = time.Date(2026, 3, 4, 12, 0, 0, 120_000_000, time.FixedZone("", 3600))

func TestEncoding(t *testing.T) {
	const c = "00112233445566778899aabbccddeeff"
	tests := []struct {
		name string
		ev   event.Event
		want string
	}{
		{"least", event.Event{Time: noon, Kind: "a"}, `{"time":"2026-03-04T11:00:00.12Z","kind":"a"}`},
		{"zero time", event.Event{Kind: "a"}, `{"time":"0001-01-01T00:00:00Z","kind":"a"}`},
		{"all", event.Event{ID: "i1", Time: noon, Kind: "test.cargo", Application: "shop", Subject: c, Request: "r1", Payload: cargo{"tea", 2}},
			`{"id":"i1","time":"2026-03-04T11:00:00.12Z","kind":"test.cargo","application":"shop","subject":"` + c + `","request":"r1","payload":{"name":"tea","count":2}}`},
		{"pointer payload", event.Event{Time: noon, Kind: "test.cargo", Payload: &cargo{Name: "tea"}},
			`{"time":"2026-03-04T11:00:00.12Z","kind":"test.cargo","payload":{"name":"tea"}}`},
		{"raw payload is compacted", event.Event{Time: noon, Kind: "x.y", Payload: json.RawMessage("{ \"k\" :\n [1, 2] }")},
			`{"time":"2026-03-04T11:00:00.12Z","kind":"x.y","payload":{"k":[1,2]}}`},
		{"appender", event.Event{Time: noon, Kind: "x.y", Payload: handmade{`{"s":"}\"{","a":[{}]}`}},
			`{"time":"2026-03-04T11:00:00.12Z","kind":"x.y","payload":{"s":"}\"{","a":[{}]}}`},
		{"terminal escapes in ids", event.Event{Time: noon, Kind: "a", Application: "x\x1b[2Jy\n\"\\\x7f\u009b", Request: "\u202eevil\u2028\U000e0041\xff"},
			`{"time":"2026-03-04T11:00:00.12Z","kind":"a","application":"x\u001b[2Jy\u000a\"\\\u007f\u009b","request":"\u202eevil\u2028\udb40\udc41\ufffd"}`},
		{"terminal escapes in payloads", event.Event{Time: noon, Kind: "x.y", Payload: cargo{Name: "\u009b31m é 漢 \u202e\U000e0041"}},
			`{"time":"2026-03-04T11:00:00.12Z","kind":"x.y","payload":{"name":"\u009b31m é 漢 \u202e\udb40\udc41"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.ev.AppendJSON([]byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != "before"+tt.want {
				t.Errorf("got  %s\nwant before%s", got, tt.want)
			}
			if !json.Valid(got[len("before"):]) {
				t.Error("not JSON")
			}
			back, err := event.Decode(got[len("before"):])
			if err != nil {
				t.Fatalf("decoding: %v", err)
			}
			again, err := back.AppendJSON(nil)
			if err != nil || string(again) != tt.want {
				t.Errorf("encoded again: %s, %v", again, err)
			}
		})
	}
}

func TestEncodingRefuses(t *testing.T) {
	tests := []struct {
		name string
		ev   event.Event
		want error
	}{
		{"no kind", event.Event{}, event.ErrInvalid},
		{"capital in kind", event.Event{Kind: "Exchange"}, event.ErrInvalid},
		{"empty word in kind", event.Event{Kind: "a..b"}, event.ErrInvalid},
		{"kind ends in dot", event.Event{Kind: "a."}, event.ErrInvalid},
		{"kind begins with dot", event.Event{Kind: ".a"}, event.ErrInvalid},
		{"quote in kind", event.Event{Kind: `a"`}, event.ErrInvalid},
		{"long kind", event.Event{Kind: strings.Repeat("k", event.MaxKind+1)}, event.ErrInvalid},
		{"long id", event.Event{Kind: "a", ID: strings.Repeat("i", event.MaxID+1)}, event.ErrInvalid},
		{"long application", event.Event{Kind: "a", Application: strings.Repeat("i", event.MaxID+1)}, event.ErrInvalid},
		{"long request", event.Event{Kind: "a", Request: strings.Repeat("i", event.MaxID+1)}, event.ErrInvalid},
		{"plain subject", event.Event{Kind: "a", Subject: "ada@lovelace.example"}, event.ErrInvalid},
		{"upper-case commitment", event.Event{Kind: "a", Subject: strings.Repeat("AB", 16)}, event.ErrInvalid},
		{"year 10000", event.Event{Kind: "a", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, event.ErrInvalid},
		{"too large", event.Event{Kind: "a", Payload: cargo{Name: strings.Repeat("x", event.MaxBytes)}}, event.ErrTooLarge},
		{"appender writes two values", event.Event{Kind: "a", Payload: handmade{`{}{}`}}, event.ErrInvalid},
		{"appender leaves a string open", event.Event{Kind: "a", Payload: handmade{`{"a}`}}, event.ErrInvalid},
		{"appender writes a line break", event.Event{Kind: "a", Payload: handmade{"{\n}"}}, event.ErrInvalid},
		{"appender escapes a line break", event.Event{Kind: "a", Payload: handmade{"{\"a\":\"\\\n\"}"}}, event.ErrInvalid},
		{"appender writes nothing", event.Event{Kind: "a", Payload: handmade{""}}, event.ErrInvalid},
		{"appender fails", event.Event{Kind: "a", Payload: handmade{"fail"}}, nil},
		{"raw payload is not JSON", event.Event{Kind: "a", Payload: json.RawMessage(`{"a"`)}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.ev.AppendJSON([]byte("before"))
			if err == nil || string(got) != "before" {
				t.Fatalf("got %q, %v", got, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if strings.Contains(err.Error(), "lovelace") {
				t.Errorf("the error repeats the subject: %v", err)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	const head = `{"time":"2026-03-04T11:00:00Z","kind":"test.cargo"`
	tests := []struct {
		name, in string
		want     error
	}{
		{"typed", head + `,"payload":{"name":"tea"}}`, nil},
		{"no payload", head + `}`, nil},
		{"unknown member of payload", head + `,"payload":{"name":"tea","x":1}}`, event.ErrPayload},
		{"payload of another type", head + `,"payload":[1]}`, event.ErrPayload},
		{"unknown member of envelope", head + `,"extra":1}`, event.ErrInvalid},
		{"trailing text", head + `} {}`, event.ErrInvalid},
		{"cut short", head, event.ErrInvalid},
		{"plain subject", head + `,"subject":"ada"}`, event.ErrInvalid},
		{"empty", ``, event.ErrInvalid},
		{"too large", strings.Repeat(" ", event.MaxBytes) + head + "}", event.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := event.Decode([]byte(tt.in))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if errors.Is(tt.want, event.ErrPayload) {
				if _, raw := ev.Payload.(json.RawMessage); !raw || ev.Kind != "test.cargo" {
					t.Errorf("got %+v, want the envelope with a raw payload", ev)
				}
			}
		})
	}
	ev, err := event.Decode([]byte(head + `,"payload":{"name":"tea"}}`))
	if err != nil || ev.Payload != any(cargo{Name: "tea"}) {
		t.Errorf("got %#v, %v", ev.Payload, err)
	}
	ev, err = event.Decode([]byte(`{"time":"2026-03-04T11:00:00Z","kind":"nobody.knows","payload":{"a":1}}`))
	if raw, ok := ev.Payload.(json.RawMessage); err != nil || !ok || string(raw) != `{"a":1}` {
		t.Errorf("unknown kind: got %#v, %v", ev.Payload, err)
	}
}

func TestRegister(t *testing.T) {
	event.Register[cargo]("test.cargo") // the same again is fine
	for name, f := range map[string]func(){
		"malformed": func() { event.Register[cargo]("Test") },
		"taken":     func() { event.Register[int]("test.cargo") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestCommitment(t *testing.T) {
	salt := []byte("0123456789abcdef0123456789abcdef")
	a := event.Commitment(salt, "shop", "ada")
	if len(a) != 32 || a != event.Commitment(salt, "shop", "ada") {
		t.Fatalf("got %q", a)
	}
	for name, other := range map[string]string{
		"subject":     event.Commitment(salt, "shop", "bob"),
		"application": event.Commitment(salt, "desk", "ada"),
		"salt":        event.Commitment(salt[1:], "shop", "ada"),
		"boundary":    event.Commitment(salt, "shopa", "da"),
	} {
		if other == a {
			t.Errorf("the same commitment for another %s", name)
		}
	}
	if event.Commitment(salt, "shop", "") != "" {
		t.Error("an unknown subject has a commitment")
	}
	if _, err := (&event.Event{Kind: "a", Subject: a}).AppendJSON(nil); err != nil {
		t.Error(err)
	}
}

// TestCommitter: many commitments under one salt are those that Commitment makes
// one by one, in whatever pieces a subject comes, and from many goroutines.
func TestCommitter(t *testing.T) {
	salt := []byte("0123456789abcdef0123456789abcdef")
	want := func(app, subject string) string { return event.Commitment(salt, app, subject) }
	key := bytes.Clone(salt)
	c := event.NewCommitter(key)
	clear(key) // it keeps a copy
	long := strings.Repeat("a long subject ", 500)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				for _, pieces := range [][]string{{"ada"}, {"a", "d", "a"}, {"", "ada", ""}, {"bob"}, {long}, {long, long[1:]}, {""}, nil} {
					if got, want := c.Commit("shop", pieces...), want("shop", strings.Join(pieces, "")); got != want {
						t.Errorf("of %.40q: %q, want %q", pieces, got, want)
						return
					}
				}
			}
		})
	}
	all.Wait()
}

// FuzzEncoding: what encodes is one line of valid JSON without a character that
// acts, decodes, and encodes to the same bytes again.
func FuzzEncoding(f *testing.F) {
	f.Add("id", "app", "req", "payload", `{"a":1}`)
	f.Add("\x1b[31m", "\u202e", "\xff\xfe", "a\nb", "[\"\u009b\"]")
	f.Add("", "\"", "\\u0000", "\U000e0001", "\"\xff\"")
	f.Fuzz(func(t *testing.T, id, app, req, text, raw string) {
		for _, p := range []any{nil, cargo{Name: text}, json.RawMessage(raw)} {
			ev := event.Event{ID: id, Time: noon, Kind: "test.other", Application: app, Request: req, Payload: p}
			b, err := ev.AppendJSON(nil)
			if err != nil {
				continue
			}
			if !json.Valid(b) {
				t.Fatalf("not JSON: %q", b)
			}
			for _, r := range string(b) {
				if !unicode.IsGraphic(r) {
					t.Fatalf("acts: %q", b)
				}
			}
			back, err := event.Decode(b)
			if err != nil {
				t.Fatalf("decoding %q: %v", b, err)
			}
			again, err := back.AppendJSON(nil)
			if err != nil || !bytes.Equal(b, again) {
				t.Fatalf("first %q\nagain %q, %v", b, again, err)
			}
		}
	})
}

// FuzzDecode: no panic, and what decodes encodes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"time":"2026-03-04T11:00:00Z","kind":"test.cargo","payload":{"name":"tea"}}`))
	f.Add([]byte(`{"kind":"a","KIND":"b"}`))
	f.Add([]byte(`{"time":"2026-03-04T11:00:00+23:59","kind":"a","payload":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		ev, err := event.Decode(b)
		if err != nil {
			return
		}
		if _, err := ev.AppendJSON(nil); err != nil && !errors.Is(err, event.ErrTooLarge) {
			t.Fatalf("decoded %q, and encoding says %v", b, err)
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	ev := event.Event{Time: noon, Kind: "test.cargo", Application: "shop", Request: "req-0123456789abcdef", Subject: "00112233445566778899aabbccddeeff",
		Payload: handmade{`{"model":"small","stream":true,"texts":12,"bytes":3456,"action":"allow"}`}}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = ev.AppendJSON(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
