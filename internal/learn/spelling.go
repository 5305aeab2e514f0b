package learn

import "warder.example/guard/textmodel"

// spelling learns what ordinary spelling is from honest texts as people write
// them: users' and mails, at most spelled of a source, so that no source is the
// measure of all.
func spelling(rows []Row) *textmodel.Spelling {
	const spelled = 600
	count := map[string]int{}
	var texts []string
	for i := range rows {
		r := &rows[i]
		if r.honest() && count[r.Source+r.Lang] < spelled {
			count[r.Source+r.Lang]++
			texts = append(texts, r.Text)
		}
	}
	return textmodel.TrainSpelling(texts)
}
