package normal

// invisible records the runs of useless invisible characters in the source.
func (u *undoer) invisible(text string) {
	s := &u.res.Signals
	for at := 0; ; {
		run, _, ok := NextInvisible(text, at, true)
		if !ok {
			return
		}
		at = run.End
		s.Invisible += run.Count
		s.Tags += run.Tags
		s.Selectors += run.Selectors
		s.Bidi += run.Bidi
		u.res.InvisibleSpans = append(u.res.InvisibleSpans, [2]int{run.Start, run.End})
	}
}

// blob records an encoded run that nothing could read.
func (u *undoer) blob(p piece, start, end int) {
	start, end = p.from.source(start, end)
	u.res.Signals.Blobs++
	u.res.BlobSpans = append(u.res.BlobSpans, [2]int{start, end})
}
