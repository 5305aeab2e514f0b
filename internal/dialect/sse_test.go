package dialect_test

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
)

// message is what a client dispatches.
type message struct{ Name, Data string }

// standard reads a whole stream the slow way, step by step as the WHATWG
// standard is written.
func standard(stream string) (out []message) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(stream, "\r\n", "\n")
	stream = strings.ReplaceAll(stream, "\r", "\n")
	lines := strings.Split(stream, "\n")
	var data, name string
	for _, line := range lines[:len(lines)-1] { // the last one has no end
		if line == "" {
			if data != "" {
				out = append(out, message{name, strings.TrimSuffix(data, "\n")})
			}
			data, name = "", ""
			continue
		}
		if strings.HasPrefix(line, ":") {
			continue
		}
		field, value := line, ""
		if i := strings.Index(line, ":"); i >= 0 {
			field, value = line[:i], strings.TrimPrefix(line[i+1:], " ")
		}
		switch field {
		case "data":
			data += value + "\n"
		case "event":
			name = value
		}
	}
	return out
}

// readAll reads a stream and checks what holds for every one.
func readAll(t *testing.T, r io.Reader, stream string) (got []message, last dialect.Event, err error) {
	t.Helper()
	er := dialect.NewEventReader(r, 1<<20)
	var raw []byte
	for {
		ev, err := er.Next()
		raw = append(raw, ev.Raw...)
		if err != nil {
			if string(raw) != stream {
				t.Fatalf("raw bytes of all events = %q, want the stream %q", raw, stream)
			}
			return got, ev, err
		}
		if ev.Data != nil {
			got = append(got, message{ev.Name, string(ev.Data)})
		}
		if ev.Pure && ev.Data == nil && strings.Trim(string(ev.Raw), "\r\n") != "" {
			t.Fatalf("pure block %q without data", ev.Raw)
		}
	}
}

func TestEventStreams(t *testing.T) {
	var vectors []struct {
		Name, Stream string
		Want         []message
		Truncated    bool
	}
	load(t, "testdata/sse.json", &vectors)
	ran := 0
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			readers := map[string]io.Reader{
				"whole":        strings.NewReader(v.Stream),
				"byte by byte": iotest.OneByteReader(strings.NewReader(v.Stream)),
				"data and EOF": iotest.DataErrReader(strings.NewReader(v.Stream)),
			}
			for how, r := range readers {
				got, last, err := readAll(t, r, v.Stream)
				if diff := cmp.Diff(v.Want, got); diff != "" {
					t.Errorf("%s: events (-want +got):\n%s", how, diff)
				}
				want := io.EOF
				if v.Truncated {
					want = io.ErrUnexpectedEOF
				}
				if err != want {
					t.Errorf("%s: error = %v, want %v; left %q", how, err, want, last.Raw)
				}
			}
			if diff := cmp.Diff(v.Want, standard(v.Stream)); diff != "" {
				t.Errorf("the reference disagrees with the vector (-want +got):\n%s", diff)
			}
			ran++
		})
	}
	if ran < 20 {
		t.Errorf("ran %d vectors, want at least 20", ran)
	}
}

// TestUnfinishedBlock: what is left where a stream ends tells what the block would
// have been, unless the reader failed: then nobody knows.
func TestUnfinishedBlock(t *testing.T) {
	for _, c := range []struct {
		left, data, name string
		pure             bool
	}{
		{"data: b", "b", "", true},
		{"data: b\r", "b", "", true},
		{"event: x\ndata: b\ndata: c", "b\nc", "x", false},
		{"data: b\n: dat", "b", "", false},
	} {
		for how, broken := range map[string]error{"ends": nil, "fails": errors.New("line cut")} {
			r := io.Reader(strings.NewReader("data: a\n\n" + c.left))
			want := dialect.Event{Raw: []byte(c.left), Data: []byte(c.data), Name: c.name, Pure: c.pure, Named: c.name != ""}
			if broken != nil {
				r, want = io.MultiReader(r, iotest.ErrReader(broken)), dialect.Event{Raw: []byte(c.left)}
			}
			er := dialect.NewEventReader(r, 0)
			if ev, err := er.Next(); err != nil || string(ev.Data) != "a" {
				t.Fatalf("first event = %q, %v", ev.Data, err)
			}
			ev, err := er.Next()
			if broken == nil {
				broken = io.ErrUnexpectedEOF
			}
			if diff := cmp.Diff(want, ev); diff != "" || !errors.Is(err, broken) {
				t.Errorf("%q %s: %v (-want +got):\n%s", c.left, how, err, diff)
			}
			if ev, err := er.Next(); len(ev.Raw) > 0 || ev.Data != nil || err == nil {
				t.Errorf("%q %s: behind its end %+v, %v", c.left, how, ev, err)
			}
		}
	}
}

func TestEventTooLarge(t *testing.T) {
	for name, stream := range map[string]string{
		"open":    "data: " + strings.Repeat("x", 200),
		"closed":  "data: " + strings.Repeat("x", 200) + "\n\n",
		"comment": strings.Repeat(": keep\n", 40),
	} {
		er := dialect.NewEventReader(strings.NewReader("data: a\n\n"+stream), 100)
		if ev, err := er.Next(); err != nil || string(ev.Data) != "a" {
			t.Fatalf("%s: first event = %q, %v", name, ev.Data, err)
		}
		if _, err := er.Next(); !errors.Is(err, dialect.ErrEventTooLarge) {
			t.Errorf("%s: error = %v, want ErrEventTooLarge", name, err)
		}
		if _, err := er.Next(); !errors.Is(err, dialect.ErrEventTooLarge) {
			t.Errorf("%s: the error does not stay: %v", name, err)
		}
	}
}

func TestEventsStayValid(t *testing.T) {
	var stream strings.Builder
	for i := range 2000 {
		stream.WriteString("data: {\"n\":" + strings.Repeat("7", i%40+1) + "}\n\n")
	}
	er := dialect.NewEventReader(strings.NewReader(stream.String()), 0)
	var kept []dialect.Event
	for {
		ev, err := er.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !ev.Pure {
			t.Fatalf("%q is not pure", ev.Raw)
		}
		kept = append(kept, ev)
	}
	var all []byte
	for _, ev := range kept {
		all = append(all, ev.Raw...)
	}
	if string(all) != stream.String() {
		t.Error("events that were kept have changed")
	}
}

func TestEventReaderErrors(t *testing.T) {
	broken := errors.New("line cut")
	r := io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken))
	er := dialect.NewEventReader(r, 0)
	if ev, err := er.Next(); err != nil || string(ev.Data) != "a" {
		t.Fatalf("first event = %q, %v", ev.Data, err)
	}
	ev, err := er.Next()
	if !errors.Is(err, broken) || string(ev.Raw) != "data: b" || ev.Data != nil {
		t.Errorf("rest = %q (%q), %v; want what is left with the reader's error", ev.Raw, ev.Data, err)
	}
}

func TestAppendEvent(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"", "{}", "data: {}\n\n"},
		{"ping", "", "event: ping\ndata: \n\n"},
		{"a\nb\r", "one\ntwo\r\nthree\r", "event: ab\ndata: one\ndata: two\ndata: three\ndata: \n\n"},
	} {
		if got := string(dialect.AppendEvent(nil, c.name, []byte(c.data))); got != c.want {
			t.Errorf("AppendEvent(%q, %q) = %q, want %q", c.name, c.data, got, c.want)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add("data: a\n\ndata: b\r\n\r\ndata:c\r\r", uint64(1))
	f.Add("\ufeffevent: x\ndata\n:c\nid: 7\n\n\n\ndata: {", uint64(2))
	f.Add("data: a\r\ndata: b\r\n\r\n", uint64(4))
	f.Add("data: \rdata:  two\r\n\revent:\rdata\r\r\n", uint64(3))
	f.Fuzz(func(t *testing.T, stream string, seed uint64) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		got, _, err := readAll(t, &ragged{rest: []byte(stream), rnd: rnd}, stream)
		if err != io.EOF && err != io.ErrUnexpectedEOF {
			t.Fatalf("error = %v", err)
		}
		if diff := cmp.Diff(standard(stream), got); diff != "" {
			t.Fatalf("events of %q (-standard +got):\n%s", stream, diff)
		}
		for _, m := range got {
			again := dialect.AppendEvent(nil, m.Name, []byte(m.Data))
			if diff := cmp.Diff([]message{m}, standard(string(again))); diff != "" {
				t.Fatalf("written again as %q (-want +got):\n%s", again, diff)
			}
		}
	})
}

// ragged is a reader that returns pieces of random length.
type ragged struct {
	rest []byte
	rnd  *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(r.rest), 1+r.rnd.IntN(7))
	copy(p, r.rest[:n])
	r.rest = r.rest[n:]
	return n, nil
}

func load(t testing.TB, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
