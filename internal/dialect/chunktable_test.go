package dialect_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// The table of a dialect that exists in these tests only: its events say what they
// are by their name and in their payload, and it ends streams by an event in JSON.
const (
	tagType dialect.Tag = iota + 1
	tagID
	tagModel
	tagIndex
	tagEnds
)

// seen is what Tell kept.
type seen struct{ events []string }

func playTable() *dialect.ChunkTable {
	type fields = map[string]*dialect.Rule
	say := &dialect.Rule{Use: dialect.Prose, Origin: guard.OriginModel, Name: dialect.FieldContent, Delta: true}
	label := func(t dialect.Tag, name string) *dialect.Rule {
		return &dialect.Rule{Use: dialect.Label, Origin: guard.OriginModel, Tag: t, Name: name}
	}
	root := &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Required: []string{"type"}, Close: closePlay, Fields: fields{
		"type": {Use: dialect.Word, Words: []string{"begin", "say", "end"}, Tag: tagType, Types: dialect.StringType},
		"id":   label(tagID, dialect.FieldID), "model": label(tagModel, dialect.FieldModel),
		"index": {Tag: tagIndex}, "ends": {Tag: tagEnds}, "say": say,
	}}}
	return &dialect.ChunkTable{
		Spec:   dialect.NewSpec(root, dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true}),
		Events: []string{"begin", "say", "end"}, MustEnd: true,
		Tell: func(told *dialect.Told, c *dialect.Chunk, data []byte) {
			s, _ := told.State.(*seen)
			if s == nil {
				s = &seen{}
				told.State = s
			}
			s.events = append(s.events, fmt.Sprintf("%d %s", c.Sequence, data))
		},
	}
}

func closePlay(s *dialect.Scope) error {
	c := s.State().(*dialect.Chunk)
	kind, _ := s.Value(tagType)
	if c.Event != "" && c.Event != kind.Text {
		return s.Fail(kind, dialect.CodeInvalidValue, "type that differs from the event's name")
	}
	id, _ := s.Value(tagID)
	model, _ := s.Value(tagModel)
	c.About(id.Text, model.Text, false)
	c.Done, c.Sequence = kind.Text == "end", len(kind.Text)
	if v, ok := s.Value(tagIndex); ok {
		n, _ := v.Int()
		_, ends := s.Value(tagEnds)
		ch := dialect.Choice{Index: n}
		if ends {
			ch.Finish = "stop"
		}
		c.AddChoice(ch, s)
	}
	return nil
}

// TestNamedEvents reads a stream whose events have names and whose last one is
// JSON with a text in it.
func TestNamedEvents(t *testing.T) {
	r := dialect.NewChunkReader(playTable(), dialect.Limits{})
	parse := func(name, data string) *dialect.Chunk {
		t.Helper()
		c, err := r.Parse(name, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := parse("begin", `{"type":"begin","id":"a1","model":"m"}`)
	if c.ID != "a1" || c.Model != "m" || c.Done || c.Event != "begin" || c.Leaves[0].Key.Field != dialect.FieldID {
		t.Errorf("begin = %+v", c)
	}
	c = parse("say", `{"type":"say","index":3,"say":"hello"}`)
	if want := (dialect.Key{Choice: 3, Tool: -1, Field: dialect.FieldContent}); len(c.Leaves) != 1 || c.Leaves[0].Key != want || !c.Leaves[0].Delta {
		t.Errorf("leaves = %+v, want one of %+v", c.Leaves, want)
	}
	if diff := cmp.Diff([]dialect.Choice{{Index: 3}}, c.Choices); diff != "" {
		t.Errorf("choices (-want +got):\n%s", diff)
	}
	c = parse("end", `{"type":"end","say":"bye"}`)
	if !c.Done || len(c.Leaves) != 1 || c.Leaves[0].Text != "bye" {
		t.Errorf("end = %+v", c)
	}
	if got := string(c.Data([]dialect.Edit{{Leaf: 0, Masks: []guard.Mask{{Span: guard.Span{Start: 0, End: 3}, With: "X"}}}})); got != `{"type":"end","say":"X"}` {
		t.Errorf("masked %s", got)
	}
	var p *dialect.Problem
	if _, err := r.Parse("begin", []byte(`{"type":"say","say":"x"}`)); !errors.As(err, &p) || p.Code != dialect.CodeInvalidValue {
		t.Errorf("another name: %v, want %s", err, dialect.CodeInvalidValue)
	}
	for name, want := range map[string]bool{"say": true, "Say": false, "": false, "sa": false} {
		if got := r.Names(name); got != want {
			t.Errorf("Names(%q) = %v", name, got)
		}
	}
}

// TestRereadKnowsNames: an event that is read into the memory of an older one does
// not take its name from it.
func TestRereadKnowsNames(t *testing.T) {
	r := dialect.NewChunkReader(playTable(), dialect.Limits{})
	c, err := r.Parse("say", []byte(`{"type":"say","index":0,"say":"one"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Recycle(c)
	if c, err := r.Parse("begin", []byte(`{"type":"say","index":0,"say":"two"}`)); err == nil {
		t.Errorf("read as %+v, want it refused for its name", c)
	}
}

// TestTold: what has left, as it left, is what Tell sees, in order.
func TestTold(t *testing.T) {
	r := dialect.NewChunkReader(playTable(), dialect.Limits{})
	for _, data := range []string{`{"type":"begin","id":"a"}`, `{"type":"say","index":0,"say":"hello"}`} {
		c, err := r.Parse("", []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		r.Left(c, []dialect.Edit{{Leaf: 0, Masks: []guard.Mask{{Span: guard.Span{Start: 0, End: 1}, With: "[X]"}}}})
		r.Recycle(c)
	}
	want := []string{`5 {"type":"begin","id":"[X]"}`, `3 {"type":"say","index":0,"say":"[X]ello"}`}
	if diff := cmp.Diff(want, r.Told().State.(*seen).events); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestComplete: when a stream that its server closed was whole.
func TestComplete(t *testing.T) {
	must, may := playTable(), playTable()
	may.MustEnd, may.Sentinel = false, "<end>"
	for _, c := range []struct {
		table    *dialect.ChunkTable
		finished bool
		open     int
		want     bool
	}{
		{may, true, 0, true}, {may, true, 1, false}, {may, false, 0, false}, {must, true, 0, false},
	} {
		if got := dialect.NewChunkReader(c.table, dialect.Limits{}).Complete(c.finished, c.open); got != c.want {
			t.Errorf("MustEnd %v, finished %v, %d open: complete %v", c.table.MustEnd, c.finished, c.open, got)
		}
	}
	r := dialect.NewChunkReader(may, dialect.Limits{})
	if c, err := r.Parse("", []byte("<end>")); err != nil || !c.Done || !r.Ends([]byte("<end>")) || r.Ends(nil) {
		t.Errorf("sentinel = %+v, %v", c, err)
	}
	if dialect.NewChunkReader(must, dialect.Limits{}).Ends(nil) {
		t.Error("no payload ends a stream whose dialect has no sentinel")
	}
}
