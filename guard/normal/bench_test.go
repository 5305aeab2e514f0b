package normal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainProse is ordinary English with the digits, quotes and links of a mail.
const plainProse = `Hello Marta, thank you for the notes from Tuesday. I read them on the train and I think the second half of the plan is
sound, but the budget for the spring needs another look: the rent rises by 4 % in March, and the library wants its 30 chairs back before the
concert. Could you ask Jonas whether the van is free on the 14th? If not, we can rent one for about 85 euros a day from the garage next to the
station. The list of guests is at https://example.org/guests/2026 and anyone with the link can add a name. Two small things: the key to the
cellar hangs behind the door now, and the printer on the first floor has been repaired, so there is no need to walk over to the other building.
I will be away from Thursday until Monday and can be reached by phone in the evenings. Please give my regards to your sister, and tell her that
the photographs turned out well. We chose eleven of them for the wall in the hall; the others went into the archive. Best wishes, Henrik `

// mixedText is what a conversation about programs and other languages holds.
const mixedText = `The build failed again: error TS2345 in src/app/cart.ts:118, "Argument of type 'string | undefined' is not assignable". I ran
npm ci && npm test -- --grep "total" with node v22.3.0 and got 3 failures. Der Fehler tritt nur auf, wenn die Währung ungültig ist; en français
le message est différent. ` + "```go\nfunc total(xs []int) (n int) {\n\tfor _, x := range xs {\n\t\tn += x\n\t}\n\treturn n\n}\n```" + `
Commit 9fceb02d0ae598e95dc970b74767f19372d61af8, id 7c9e6679-7425-40de-944b-e07fc1f90ae7, see https://example.com/a%20b?q=x%2Fy&z=1 👍🏽.
Пожалуйста, проверьте отчёт до пятницы. 明天下午三点开会，请准时参加。 سنلتقي غدا في المكتبة الساعة الثالثة. `

func repeatTo(s string, n int) string {
	return strings.Repeat(s, n/len(s)+1)[:n]
}

// BenchmarkUndo gives the cost of ordinary texts and of each hostile one.
func BenchmarkUndo(b *testing.B) {
	bench := func(name, text string) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Undo(text, Options{})
			}
			b.ReportMetric(perKB(b.Elapsed(), b.N, len(text)), "µs/KB")
		})
	}
	for _, kb := range []int{1, 10, 100} {
		bench(fmt.Sprintf("prose/%dKB", kb), repeatTo(plainProse, kb<<10))
		bench(fmt.Sprintf("mixed/%dKB", kb), strings.ToValidUTF8(repeatTo(mixedText, kb<<10), ""))
	}
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		bench("adversarial/"+name, strings.ToValidUTF8(hostile[name](10<<10), ""))
	}
}

func perKB(took time.Duration, runs, size int) float64 {
	return float64(took.Nanoseconds()) / float64(runs) / float64(size) * 1024 / 1000
}
