package gateway

import (
	"runtime/debug"

	"warder.example/guard/textmodel"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/lakera"
)

// matches returns where data that must not pass stands in the contents of
// messages. Attacks are not in it, nor what stands elsewhere in a message.
func (e *examination) matches(req *lakera.Request) []lakera.Match {
	before := contentOffsets(req.Leaves)
	out := []lakera.Match{}
	for i := range e.verdict.Findings {
		f := &e.verdict.Findings[i]
		name, label := lakera.DetectorType(f.Category)
		l := &e.leaves[f.Text]
		offset, content := before[e.index[f.Text]]
		if !e.enforced(i) || !content || !tells(f.Category) && name != lakera.UnknownLinks {
			continue
		}
		labels := []string{}
		if label != "" {
			labels = []string{label}
		}
		ends := make([]int, 0, 2*len(f.Spans))
		for _, sp := range f.Spans {
			ends = append(ends, sp.Start, sp.End)
		}
		ends = lakera.Characters(l.Text, ends)
		for j, sp := range f.Spans {
			if len(out) == maxAnswered {
				return out
			}
			out = append(out, lakera.Match{Start: offset + ends[2*j], End: offset + ends[2*j+1], Text: l.Text[sp.Start:sp.End],
				DetectorType: name, Labels: labels, MessageID: l.Turn})
		}
	}
	return out
}

// contentOffsets returns for each leaf that is the content of a message, or a
// part of it, how many characters of that content stand before it.
func contentOffsets(leaves []dialect.Leaf) map[int]int {
	out := map[int]int{}
	turn, n := -1, 0
	for i := range leaves {
		l := &leaves[i]
		if r := l.Rule(); l.Inner || !l.Known || r == nil || r.Name != dialect.FieldContent {
			continue
		}
		if l.Turn != turn {
			turn, n = l.Turn, 0
		}
		out[i] = n
		n += lakera.Characters(l.Text, []int{len(l.Text)})[0]
	}
	return out
}

// buildInfo says which program and model answer. What the build does not record
// is empty.
func buildInfo(m *textmodel.Model) *lakera.DevInfo {
	digest := m.Digest()
	d := &lakera.DevInfo{ModelVersion: "warder-guard-" + digest[:min(len(digest), 12)], Version: "devel"}
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return d
	}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		d.Version = v
	}
	for _, s := range bi.Settings {
		switch s.Key {
		case "vcs.revision":
			d.GitRevision = s.Value
		case "vcs.time":
			d.GitTimestamp = s.Value
		}
	}
	return d
}
