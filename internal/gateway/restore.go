package gateway

import (
	"slices"

	"warder.example/guard"
	"warder.example/guard/pseudonym"
	"warder.example/internal/dialect"
)

// restorer returns what brings values back in a leaf of the answer, nil if none may:
// what the model itself says to the caller, and what it calls a tool with. field is
// the name of the text that the leaf is, tool whom its arguments are for, empty where
// that is not certain.
func (p *pseudonyms) restorer(l *dialect.Leaf, field, tool string) *pseudonym.Restorer {
	if p == nil || !l.Known || l.IsKey() || l.Number || l.Inner || l.Origin != guard.OriginModel {
		return nil
	}
	switch field {
	case dialect.FieldContent, dialect.FieldRefusal:
		return p.vault.Text()
	case dialect.FieldArguments:
		return p.argument(l, tool)
	}
	return nil
}

// argument does so for arguments, or for a string in them where they are JSON itself.
func (p *pseudonyms) argument(l *dialect.Leaf, tool string) *pseudonym.Restorer {
	if p.restores == nil || tool == "" {
		return nil
	}
	params := p.restores(tool)
	_, parameter, whole, ok := l.Argument()
	switch {
	case !ok || len(params) == 0:
		return nil
	case whole:
		return p.vault.Arguments(params)
	case slices.Contains(params, parameter):
		return p.vault.Parameter()
	}
	return nil
}

// beside are the names of the tools that one body calls, by the object that has the
// name and the arguments.
type beside map[int]string

// note enters a leaf if it is such a name.
func (b *beside) note(l *dialect.Leaf) {
	if !l.Known || l.Rule().Name != dialect.FieldTool {
		return
	}
	if owner, _, _, ok := l.Argument(); ok {
		if *b == nil {
			*b = beside{}
		}
		(*b)[owner] = l.Text
	}
}

// of returns the name beside the arguments in which a leaf is, empty if there is none.
func (b beside) of(l *dialect.Leaf) string {
	if len(b) == 0 {
		return ""
	}
	owner, _, _, _ := l.Argument()
	return b[owner]
}

// readings restores the texts of a whole answer. It returns a reading for each
// leaf, nil where nothing came back, and changes the texts to be read.
func (p *pseudonyms) readings(a *dialect.Answer, texts []guard.Text) []*reading {
	out := make([]*reading, len(texts))
	if p == nil {
		return out
	}
	var tools beside
	for i := range a.Leaves {
		tools.note(&a.Leaves[i])
	}
	for i := range a.Leaves {
		l := &a.Leaves[i]
		r := &reading{restore: p.restorer(l, l.Rule().Name, tools.of(l))}
		if r.restore == nil {
			continue
		}
		if l.Kind == guard.ToolArguments {
			r.inner = &dialect.Unescaper{}
		}
		if s := r.write(l.Text) + r.close(); r.restore.Count() > 0 {
			out[i], texts[i].Content = r, s
			p.back += r.restore.Count()
		}
	}
	return out
}

// restorer returns what brings values back in a leaf of an event; see
// [pseudonyms.restorer]. What says a text once more gets what the text got.
func (r *relay) restorer(l *dialect.ChunkLeaf) *pseudonym.Restorer {
	p := r.pseudonyms
	if p == nil {
		return nil
	}
	of, again := r.parser.Repeats(l.Rule().Name)
	if !again {
		of = l.Rule().Name
	}
	if of != dialect.FieldArguments {
		return p.restorer(&l.Leaf, of, "")
	}
	k := l.Key
	k.Field = of
	_, _, whole, _ := l.Argument()
	switch t := r.texts[k]; {
	case l.Delta && !whole: // strings of JSON itself are no text that goes on
		return nil
	case again && t != nil && t.restore == nil:
		return nil
	case again || l.Delta:
		return p.restorer(&l.Leaf, of, r.tools[[2]int{k.Choice, k.Tool}])
	}
	return p.restorer(&l.Leaf, of, r.beside.of(&l.Leaf))
}
