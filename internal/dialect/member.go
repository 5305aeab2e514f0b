package dialect

// members is the state of one open object.
type members struct {
	obj  *Object
	keys keySet
	seen [maxFields / 64]uint64
}

// members reads the members of an object up to its closing brace.
func (w *walker) members(m *members) error {
	var e element
	top := len(w.frames) - 1
	for more := true; more; {
		w.begin(&e)
		if w.at >= len(w.src) || w.src[w.at] != '"' {
			return w.fail(CodeInvalidJSON, "expected a key in quotes")
		}
		k, err := w.scanString()
		if err != nil {
			return err
		}
		w.frames[top] = frame{start: int32(k.start), end: int32(k.end), step: -1}
		rule, err := w.key(m, k)
		if err != nil {
			return err
		}
		w.space()
		if w.at >= len(w.src) || w.src[w.at] != ':' {
			return w.fail(CodeInvalidJSON, "expected a colon after the key")
		}
		w.at++
		w.space()
		cut := rule.Cut || rule.Unasked && w.lim.Unasked && w.at < len(w.src) && w.src[w.at] == 'n'
		if err := w.value(rule); err != nil {
			return err
		}
		if more, err = w.finish(&e, '}', cut); err != nil {
			return err
		}
	}
	return nil
}

// key returns the rule for the value of a key, after the checks that hold for it.
func (w *walker) key(m *members, k str) (*Rule, error) {
	name := w.src[k.start:k.end]
	if k.escaped {
		if m.obj.Rest == nil {
			return nil, w.failAt(k.start, CodeEscapedKey, "key with escapes; expected its plain spelling")
		}
		name = unescape(name)
	}
	if f, ok := m.obj.members[name]; ok {
		word, bit := f.bit/64, uint64(1)<<(f.bit%64)
		w.frames[len(w.frames)-1].known = !k.escaped
		if m.seen[word]&bit != 0 {
			return nil, w.failAt(k.start, CodeDuplicateKey, "key twice in one object")
		}
		m.seen[word] |= bit
		return f.rule, nil
	}
	if !m.keys.add(name) {
		return nil, w.failAt(k.start, CodeDuplicateKey, "key twice in one object")
	}
	rule := m.obj.Rest
	if rule == nil {
		if err := w.foreign(m.obj, k, name); err != nil {
			return nil, err
		}
		rule = unknownRule
	}
	if rule.Use == Candidate && w.gather != nil { // the keys are the candidates, by rank
		w.gather.add(rule, name, int32(min(m.keys.count(), maxRank)))
		return rule, nil
	}
	if isPlainKey(name) {
		return rule, nil
	}
	return rule, w.leaf(rule, name, k, true)
}

// foreign checks a key that a closed object does not have.
func (w *walker) foreign(o *Object, k str, name string) error {
	var buf [foldMax]byte
	if o.folds[string(appendFold(buf[:0], name))] {
		return w.failAt(k.start, CodeCaseVariantKey, "key that some parsers take for a known one; expected its exact spelling")
	}
	if o.Sealed {
		return w.failAt(k.start, CodeUnknownField, "unknown key")
	}
	return nil
}
