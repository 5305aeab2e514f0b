package detect

import (
	"strings"
	"testing"

	"warder.example/guard"
)

// hostile are texts made to cost much.
var hostile = map[string]string{
	"assignments": strings.Repeat("token=", 200),
	"random":      strings.Repeat("key=a1b2c3d4", 100),
	"spaced":      strings.Repeat("key=a1b2c3d4e5f6g7h8i9j0 ", 45),
	"words":       strings.Repeat("token=abcdefghijklmnopqrs1 ", 40),
	"forty":       strings.Repeat("key=token=api=secret=auth=a1b2c3d4e5f6 ", 30),
	"prefixes":    strings.Repeat("sk-ant-api03-", 90),
	"ghp":         strings.Repeat("ghp_a", 200),
	"eyj":         strings.Repeat("eyJ", 350),
	"pem":         strings.Repeat("-----BEGIN PRIVATE KEY-----\n", 40),
	"gaps":        strings.Repeat("key api token secret ", 50),
	"urls":        strings.Repeat("https://a:", 110),
	"authorize":   strings.Repeat("authorization: bearer ", 50),
	"services":    strings.Repeat("facebook, adobe, linear = twitter: ", 30),
	"addresses":   strings.Repeat("http://771ffeec:e406c8ac@ ", 40),
	"counted":     strings.Repeat("pypi-AgEIcHlwaS5vcmcaa-", 89) + strings.Repeat("pypi-AgEIcHlwaS5vcmc-b-c-d", 79),
	"overlapping": strings.Repeat("glpat-", 171),
	"signs":       strings.Repeat("password=_^~\\~/+ ", 60),
}

var plainKB = strings.Repeat("The harbour office opens at nine. Ask for the blue form, fill in your name and the number of your berth, and hand it to the clerk; the access code for the gate is posted inside. ", 6)[:1024]

var wordyKB = strings.Repeat("To authenticate, put your API key in the Authorization header; the access token expires after an hour. Set api_key = os.environ[\"KEY\"] and never commit a secret or password to the repository. ", 6)[:1024]

func benchOne(b *testing.B, d guard.StreamDetector, x *guard.Exchange, text string) {
	d.Scanner(x, guard.OriginModel, guard.Prose).Scan(text, true) // build what is built once
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		d.Scanner(x, guard.OriginModel, guard.Prose).Scan(text, true)
	}
}

func benchEach(b *testing.B, d guard.StreamDetector, x *guard.Exchange, bad map[string]string) {
	for _, n := range []struct {
		name  string
		times int
	}{{"1KB", 1}, {"10KB", 10}, {"100KB", 100}} {
		b.Run("prose/"+n.name, func(b *testing.B) { benchOne(b, d, x, strings.Repeat(plainKB, n.times)) })
		b.Run("chat/"+n.name, func(b *testing.B) { benchOne(b, d, x, strings.Repeat(wordyKB, n.times)) })
	}
	for name, text := range bad {
		b.Run("hostile/"+name, func(b *testing.B) { benchOne(b, d, x, repeatTo(text, 4<<10)) })
	}
}

func BenchmarkSecrets(b *testing.B) { benchEach(b, NewSecrets(), nil, hostile) }

func BenchmarkDeny(b *testing.B) {
	benchEach(b, mustDeny(append([]string{"ferry timetable", "wharf rat", "green ledger"}, denyWords...)), nil, map[string]string{"near": strings.Repeat("blue hero ", 100), "spaces": strings.Repeat("blue        ", 90)})
}

func BenchmarkCustom(b *testing.B) {
	benchEach(b, mustCustom(customPatterns), nil, map[string]string{"near": strings.Repeat("HL-123 berth no. ", 60)})
}

func BenchmarkLeak(b *testing.B) {
	benchEach(b, NewLeak(), leakExchange, map[string]string{"copy": leakPrompt + leakPrompt, "near": strings.Repeat("the relief captain for the winter x ", 30), "spaces": strings.Repeat("the          ", 80)})
}

func FuzzSecretsChunks(f *testing.F) {
	for _, c := range exactDetectors {
		if c.name == "secrets" {
			for _, s := range c.fragments {
				f.Add("so "+s+" end", 3)
			}
		}
	}
	for _, s := range hostile {
		f.Add(s, 5)
	}
	c := exactCase{name: "secrets", detector: NewSecrets()}
	f.Fuzz(func(t *testing.T, text string, size int) {
		text = strings.ToValidUTF8(text, "?")
		if len(text) > 4096 {
			return
		}
		if err := checkChunks(&c, text, pieces(text, func() int { return max(1, size%64) })); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
