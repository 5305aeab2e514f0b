package dialecttest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"warder.example/internal/dialect"
)

// heard is what a client knows of a stream that it reads to its end.
type heard struct {
	texts    map[dialect.Key]string // that run through it
	open     map[int]bool           // choices that began and have not ended
	finished int                    // choices that have ended
	finishes map[int]string         // why they ended
	done     bool                   // an event ended it
	failed   bool
	reader   *dialect.ChunkReader
}

func listen(p dialect.Protocol, lim dialect.Limits) *heard {
	return &heard{texts: map[dialect.Key]string{}, open: map[int]bool{}, finishes: map[int]string{}, reader: p.Chunks(lim)}
}

// hear reads an event that leaves for the client.
func (h *heard) hear(t testing.TB, name string, data []byte) *dialect.Chunk {
	t.Helper()
	if h.done {
		t.Fatalf("an event behind the end: %s %s", name, data)
	}
	if name != "" && !h.reader.Names(name) {
		t.Fatalf("name %q is not structure", name)
	}
	c, err := h.reader.Parse(name, data)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	for i := range c.Leaves {
		if l := &c.Leaves[i]; l.Delta {
			h.texts[l.Key] += l.Text
		}
	}
	for _, ch := range c.Choices {
		h.open[ch.Index] = true
		if ch.Finish != "" {
			delete(h.open, ch.Index)
			h.finished++
			h.finishes[ch.Index] = ch.Finish
		}
	}
	told := h.reader.Told()
	if c.ID != "" {
		told.ID = c.ID
	}
	if c.Model != "" {
		told.Model = c.Model
	}
	told.Open = told.Open[:0]
	for i := range h.open {
		told.Open = append(told.Open, i)
	}
	h.done, h.failed = c.Done, h.failed || c.Error
	h.reader.Left(c, nil)
	return c
}

// complete reports whether a client takes what it heard for a whole answer.
func (h *heard) complete() bool {
	return h.done || h.reader.Complete(h.finished > 0, len(h.open))
}

// drain reads a stream at the boundaries that a reader gives.
func drain(t testing.TB, r io.Reader, each func(dialect.Event)) {
	t.Helper()
	events := dialect.NewEventReader(r, 0)
	for {
		ev, err := events.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		each(ev)
	}
}

// randomReader reads up to seven bytes at once.
type randomReader struct {
	r   io.Reader
	rnd *rand.Rand
}

func (r randomReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 1+r.rnd.IntN(7))]) }

// chunking: how bytes arrive changes nothing of a stream, which reads as one that
// has ended.
func chunking(t *testing.T, s *Suite) {
	for _, stream := range s.Streams {
		readers := map[string]io.Reader{"whole": bytes.NewReader(stream.Body), "bytes": iotest.OneByteReader(bytes.NewReader(stream.Body))}
		for seed := range uint64(5) {
			readers["random "+string(rune('a'+seed))] = randomReader{bytes.NewReader(stream.Body), rand.New(rand.NewPCG(seed, 2))}
		}
		var first *heard
		for name, r := range readers {
			lim := dialect.Limits{}
			if !stream.Rough {
				lim.Unknown = dialect.RefuseUnknown
			}
			h := listen(s.Protocol, lim)
			var raw bytes.Buffer
			drain(t, r, func(ev dialect.Event) {
				raw.Write(ev.Raw)
				if ev.Data == nil {
					return
				}
				if c := h.hear(t, ev.Name, ev.Data); c.Rewritten() || !bytes.Equal(c.Data(nil), ev.Data) {
					t.Errorf("%s, %s: %q is not what it was", stream.Name, name, ev.Data)
				}
			})
			if !bytes.Equal(raw.Bytes(), stream.Body) {
				t.Errorf("%s, %s: the stream changed", stream.Name, name)
			}
			if h.complete() == h.failed && !h.done {
				t.Errorf("%s, %s: complete %v, failed %v", stream.Name, name, h.complete(), h.failed)
			}
			if first == nil {
				first = h
			}
			for key, text := range h.texts {
				if first.texts[key] != text {
					t.Errorf("%s, %s: %+v is %q or %q", stream.Name, name, key, text, first.texts[key])
				}
			}
		}
	}
	if len(s.Texts) > 0 && len(s.Streams) < 3 {
		t.Errorf("%d streams; expected at least 3", len(s.Streams))
	}
}
