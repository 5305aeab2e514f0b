package detect

import (
	"testing"
	"unicode/utf8"

	"warder.example/guard"
)

// TestPIIHolds: of text that comes character by character, no more is held back
// than the word or number that could still become a value.
func TestPIIHolds(t *testing.T) {
	for _, c := range []struct {
		text string
		most int // characters
	}{
		{"The quick brown fox jumps over the lazy dog, and then it sleeps well.", len("sleeps")},
		{"今天天气很好，我们去公园散步吧。然后我们一起吃晚饭，谈谈明年的计划。", unspacedLocal},
		{"今日はとても天気がいいので、公園を散歩しましょう。", unspacedLocal},
		{"วันนี้อากาศดีมากเราไปเดินเล่นในสวนสาธารณะกันเถอะ", unspacedLocal},
		{"오늘은 날씨가 좋아서 공원에 산책하러 갑니다.", unspacedLocal},
		{"🙂🙂🙂🎉🎉👩‍👩‍👧‍👦🙂🙂🙂 yes 🙂🙂🙂", len("yes")},
		{"version 1.2.3, 12:30, 2024-05-01, $1,000.00 and 50% of 1024.", len("2024-05-01")},
		{"f(\"hello\", os.Args[1:]) + (++n)", len("os.Args")},
	} {
		sc := NewPII().Scanner(nil, guard.OriginModel, guard.Prose)
		n, most, what := 0, 0, ""
		for _, r := range c.text {
			found, safe := sc.Scan(string(r), false)
			if len(found) > 0 {
				t.Errorf("%q: found %v", c.text, found)
			}
			n += utf8.RuneLen(r)
			if held := utf8.RuneCountInString(c.text[safe:n]); held > most {
				most, what = held, c.text[safe:n]
			}
		}
		if most > c.most {
			t.Errorf("%q: %d characters are held, want at most %d: %q", c.text, most, c.most, what)
		}
	}
}
