package access_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/access"
)

// TestSecretIsNotPrinted prints a secret in every way there is.
func TestSecretIsNotPrinted(t *testing.T) {
	const text = "wk_quite-a-long-secret-indeed"
	s := access.Secret(text)
	type holder struct {
		S access.Secret
		P *access.Secret
		M map[string]access.Secret
		L []access.Secret
		A any
	}
	h := holder{s, &s, map[string]access.Secret{"k": s}, []access.Secret{s}, s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s", "%-40v", "%t", "%T %v"} {
		for _, v := range []any{s, &s, h, &h, []any{h}, fmt.Errorf("wrapped %v", s)} {
			fmt.Fprintf(&out, strings.TrimPrefix(verb, "%T ")+"\n", v)
		}
	}
	for _, v := range []any{s, &s, h} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "s", s, "p", &s, "h", h, slog.Group("g", slog.Any("s", s)))
	}
	for _, leak := range []string{text, "quite", fmt.Sprintf("%x", "quite"), fmt.Sprintf("%X", "quite")} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("output holds %q:\n%s", leak, out.String())
		}
	}
	if n := strings.Count(out.String(), s.String()); n < 50 {
		t.Errorf("the fingerprint %s was printed %d times; expected at least 50", s, n)
	}
	if s.Reveal() != text {
		t.Error("the secret cannot be revealed")
	}
}

// TestShortSecretHasNoFingerprint: a hash would confirm a guess.
func TestShortSecretHasNoFingerprint(t *testing.T) {
	if a, b := access.Secret("hunter2"), access.Secret("12345678901234567890"); a.String() != "secret(hidden)" || b.String() == a.String() {
		t.Errorf("fingerprints are %s and %s", a, b)
	}
}

func TestNewKey(t *testing.T) {
	form := regexp.MustCompile(`^wk_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	for range 200 {
		secret, k := access.NewKey()
		text := secret.Reveal()
		switch {
		case !form.MatchString(text):
			t.Fatalf("key %q has not the form %s", text, form)
		case k.Hash != sha256.Sum256([]byte(text)):
			t.Fatal("the hash is not the SHA-256 of the whole key")
		case k.Prefix != "wk_"+k.ID || !strings.HasPrefix(text, k.Prefix+"_"):
			t.Fatalf("prefix %q, id %q of key %q", k.Prefix, k.ID, text)
		case seen[text] || seen[k.ID]:
			t.Fatal("a key or id came twice")
		}
		seen[text], seen[k.ID] = true, true
	}
}

// TestKeyVectors pins the form: keys in use must be recognised for ever. The
// expected texts were computed with Python's int.to_bytes, zlib.crc32.
func TestKeyVectors(t *testing.T) {
	var ones [32]byte
	for i := range ones {
		ones[i] = 0xff
	}
	for name, c := range map[string]struct {
		random [32]byte
		want   string
	}{
		"zeros": {[32]byte{}, "wk_abcdefgh0123_00000000000000000000000000000000000000000001BPOKH"},
		"ones":  {ones, "wk_abcdefgh0123_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp14J06fh"},
	} {
		got, _ := access.KeyFrom("abcdefgh0123", c.random)
		if got.Reveal() != c.want {
			t.Errorf("%s: key is %q; expected %q", name, got.Reveal(), c.want)
		}
	}
}

func TestKeyID(t *testing.T) {
	secret, k := access.NewKey()
	text := secret.Reveal()
	for _, ref := range []string{k.ID, k.Prefix, text} {
		if id, err := access.KeyID(ref); err != nil || id != k.ID {
			t.Errorf("id is %q, %v; expected %q", id, err, k.ID)
		}
	}
	for _, ref := range []string{
		"", "wk_", k.ID + "x", k.ID[1:], text[1:], text + "x", strings.ToUpper(k.ID), "wk_wk_" + k.ID, "x' OR '1'='1",
		"uuuuuuuuuuuu", "xx_" + text[3:],
	} {
		if id, err := access.KeyID(ref); !errors.Is(err, access.ErrKeyForm) {
			t.Errorf("%q: got %q, %v; expected ErrKeyForm", ref, id, err)
		}
	}
	// Any single wrong character of a key is noticed.
	for i := range text {
		wrong := text[:i] + string(text[i]^1) + text[i+1:]
		if _, err := access.KeyID(wrong); err == nil {
			t.Errorf("a wrong character at %d was not noticed", i)
		}
	}
}

// FuzzKeyID: no panic, and what is accepted is an id that names itself.
func FuzzKeyID(f *testing.F) {
	secret, k := access.NewKey()
	for _, s := range []string{secret.Reveal(), k.ID, k.Prefix, "", "wk_", "wk_\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		id, err := access.KeyID(ref)
		if err != nil {
			if id != "" || !errors.Is(err, access.ErrKeyForm) {
				t.Errorf("%q: got %q, %v", ref, id, err)
			}
			return
		}
		if again, err := access.KeyID(id); err != nil || again != id || !strings.Contains(ref, id) {
			t.Errorf("%q: id %q names %q, %v", ref, id, again, err)
		}
	})
}
