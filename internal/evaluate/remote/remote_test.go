package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/remote"
)

// ask asks a guard that answers so.
func ask(t *testing.T, kind string, opt remote.Options, h http.HandlerFunc) (evaluate.Judgement, error) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	opt.Kind, opt.URL = kind, s.URL
	if opt.Timeout == 0 {
		opt.Timeout = 10 * time.Second
	}
	j, err := remote.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return j.Judge(context.Background(), &corpus.Row{Text: `say "hi"`, Channel: "document"})
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func TestAnswers(t *testing.T) {
	mark := func(score, fpr float64) evaluate.Mark { return evaluate.Mark{Score: score, FPR: fpr} }
	no := mark(0, 1)
	for _, tt := range []struct {
		name, kind, answer string
		attack, harm       evaluate.Mark
	}{
		{"nothing", "warder", `{"action":"allow","findings":[]}`, no, no},
		{"explained", "warder", `{"action":"block","findings":[{"category":"injection","score":0.7,"fpr":0.05},{"category":"jailbreak","score":0.9,"fpr":0.001},{"category":"pii.email","score":1,"fpr":0}]}`, mark(0.9, 0.001), no},
		{"exact", "warder", `{"action":"block","findings":[{"category":"injection","score":1,"fpr":0}]}`, mark(1, 0), no},
		{"explained harm", "warder", `{"action":"flag","findings":[{"category":"harmful_request","score":0.6,"fpr":0.01}]}`, no, mark(0.6, 0.01)},
		{"coarse block", "warder", `{"action":"block","findings":[{"coarse":"prompt_attack","action":"block"}]}`, mark(1, 0.01), no},
		{"coarse flag", "warder", `{"action":"flag","findings":[{"coarse":"prompt_attack","action":"flag"},{"coarse":"harmful_content","action":"block"}]}`, mark(0.5, 0.05), mark(1, 0.01)},
		{"coarse data", "warder", `{"action":"block","findings":[{"coarse":"data_protection","category":"secret.x","action":"block"}]}`, no, no},
		{"flagged", "lakera", `{"flagged":true,"breakdown":[{"detector_type":"prompt_attack","detected":true},{"detector_type":"pii/email","detected":true}]}`, mark(1, 0), no},
		{"flagged for data", "lakera", `{"flagged":true,"breakdown":[{"detector_type":"prompt_attack","detected":false},{"detector_type":"pii/email","detected":true}]}`, no, no},
		{"flagged for content", "lakera", `{"flagged":true,"breakdown":[{"detector_type":"moderated_content/crime","detected":true}]}`, no, mark(1, 0)},
		{"without breakdown", "lakera", `{"flagged":true}`, mark(1, 0), mark(1, 0)},
		{"not flagged", "lakera", `{"flagged":false}`, no, no},
		{"moderated", "openai", `{"results":[{"flagged":true,"categories":{"illicit":true},"category_scores":{"illicit":0.8,"hate":0.1,"sexual":null}}]}`, mark(0.8, 0), mark(0.8, 0)},
		{"passed", "openai", `{"results":[{"flagged":false,"category_scores":{"illicit":0.2}}]}`, mark(0.2, 1), mark(0.2, 1)},
	} {
		t.Run(tt.kind+" "+tt.name, func(t *testing.T) {
			got, err := ask(t, tt.kind, remote.Options{}, says(tt.answer))
			if want := (evaluate.Judgement{Attack: tt.attack, Harm: tt.harm}); err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		})
	}
}

// TestRequests: each form's request arrives as its documentation has it.
func TestRequests(t *testing.T) {
	for kind, want := range map[string]string{
		"warder": `POST /v1/guard {"explain":true,"texts":[{"origin":"document","text":"say \"hi\""}]}`,
		"lakera": `POST /v2/guard {"breakdown":true,"messages":[{"content":"say \"hi\"","role":"user"}]}`,
		"openai": `POST /v1/moderations {"input":"say \"hi\"","model":"omni-moderation-latest"}`,
	} {
		got := ""
		ask(t, kind, remote.Options{Key: "k-1"}, func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			got = r.Method + " " + r.URL.Path + " " + string(b)
			if r.Header.Get("Authorization") != "Bearer k-1" || r.Header.Get("Content-Type") != "application/json" || !json.Valid(b) {
				t.Errorf("%s: header %v", kind, r.Header)
			}
		})
		if got != want {
			t.Errorf("%s: sent\n%s\nwant\n%s", kind, got, want)
		}
	}
}

// TestNoJudgement: whatever is not one is unanswered, never "not flagged".
func TestNoJudgement(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			io.WriteString(w, `{"flagged":false,"action":"allow","results":[{"flagged":false}]}`)
		}
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		want string
	}{
		{"status 500", status(500), "status 500"},
		{"status 204", status(204), "status 204"},
		{"status 401", status(401), "status 401"},
		{"not JSON", says("<html>fine</html>"), "not a judgement"},
		{"other JSON", says(`{"ok":true}`), "not a judgement"},
		{"wrong types", says(`{"flagged":"no","action":5,"results":"none"}`), "not a judgement"},
		{"empty", says(""), "not a judgement"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"flagged":false}`)
		}, "no connection"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for range 5 << 10 {
				io.WriteString(w, strings.Repeat(" ", 1<<10))
			}
		}, "answer too long"},
		{"slow", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // or the server does not see the caller leave
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}, "timeout"},
	} {
		for _, kind := range remote.Kinds() {
			t.Run(kind+" "+tt.name, func(t *testing.T) {
				opt := remote.Options{}
				if tt.name == "slow" {
					opt.Timeout = 50 * time.Millisecond
				}
				_, err := ask(t, kind, opt, tt.h)
				var u *evaluate.Unanswered
				if !errors.As(err, &u) || u.Class != tt.want {
					t.Errorf("error %v, want unanswered: %s", err, tt.want)
				}
			})
		}
	}
	t.Run("not assessed", func(t *testing.T) {
		_, err := ask(t, "warder", remote.Options{}, says(`{"action":"allow","findings":[],"not_assessed":["injection","jailbreak"]}`))
		var u *evaluate.Unanswered
		if !errors.As(err, &u) || u.Class != "not assessed for prompt attacks" {
			t.Errorf("error %v, want unanswered", err)
		}
	})
}

// TestBusy: a guard that is busy is asked again when it says, and not for ever.
func TestBusy(t *testing.T) {
	var waits []time.Duration
	opt := remote.Options{Wait: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }}
	n := 0
	got, err := ask(t, "lakera", opt, func(w http.ResponseWriter, r *http.Request) {
		if b, _ := io.ReadAll(r.Body); len(b) == 0 {
			t.Error("asked again without a body")
		}
		switch n++; n {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
		case 2:
			w.Header().Set("Retry-After", "900")
			w.WriteHeader(503)
		default:
			io.WriteString(w, `{"flagged":true}`)
		}
	})
	if err != nil || got.Attack.Score != 1 || fmt.Sprint(waits) != "[7s 30s]" {
		t.Errorf("%+v, %v after waits of %v; want a judgement after 7 s and 30 s", got, err, waits)
	}
	waits, n = nil, 0
	_, err = ask(t, "lakera", opt, func(w http.ResponseWriter, _ *http.Request) { n++; w.WriteHeader(429) })
	var u *evaluate.Unanswered
	if !errors.As(err, &u) || u.Class != "status 429" || n != 4 || fmt.Sprint(waits) != "[1s 2s 4s]" {
		t.Errorf("error %v after %d attempts and waits of %v; want status 429 after 4", err, n, waits)
	}
}

// TestInterrupted: an interrupt is no missing answer.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		stop()
		<-r.Context().Done()
	}))
	defer s.Close()
	j, err := remote.New(remote.Options{Kind: "openai", URL: s.URL, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Judge(ctx, &corpus.Row{Text: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context canceled", err)
	}
}

// TestRedirectIsNotFollowed: texts and keys go where the user said and nowhere
// else.
func TestRedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		io.WriteString(w, `{"flagged":false}`)
	}))
	defer other.Close()
	_, err := ask(t, "lakera", remote.Options{Key: "k"}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	var u *evaluate.Unanswered
	if !errors.As(err, &u) || u.Class != "status 307" || elsewhere.Load() != 0 {
		t.Errorf("error %v, %d requests elsewhere; want status 307 and none", err, elsewhere.Load())
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ kind, url, key, want string }{
		{"lakera", "https://guard.example", "k", ""},
		{"lakera", "https://guard.example/v2/guard", "k", ""},
		{"openai", "http://127.0.0.1:8080/proxy/", "k", ""},
		{"openai", "http://[::1]:8080", "k", ""},
		{"warder", "http://guard.example", "", ""},
		{"warder", "http://guard.example", "k", "in the clear"},
		{"warder", "http://127.0.0.1.guard.example", "k", "in the clear"},
		{"azure", "https://guard.example", "", "unknown kind"},
		{"warder", "guard.example", "", "not usable"},
		{"warder", "ftp://guard.example", "", "not usable"},
		{"warder", "https://me:secret@guard.example", "", "not usable"},
		{"warder", "https:///v1/guard", "", "not usable"},
	} {
		_, err := remote.New(remote.Options{Kind: tt.kind, URL: tt.url, Key: tt.key, Timeout: time.Second})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s at %s: error %v, expected %q", tt.kind, tt.url, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes a password: %v", err)
		}
	}
}
