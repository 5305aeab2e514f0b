package command_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/command"
)

// behaviour names what this test's binary does when it is run as a program.
const behaviour = "WARDER_TEST_GUARD"

func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		program(how)
	}
	os.Exit(m.Run())
}

// program answers each text as it says, or misbehaves at the text "now".
func program(how string) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 8<<20)
	switch how {
	case "greets":
		fmt.Println("model loaded")
	case "hangs at once":
		hang()
	}
	for in.Scan() {
		var row struct{ Text, Origin string }
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			os.Exit(9)
		}
		if row.Text != "now" {
			if row.Text == "origin" {
				row.Text = fmt.Sprintf(`{"score":0.25,"said":%q}`, row.Origin)
			}
			fmt.Println(row.Text)
			continue
		}
		switch how {
		case "crashes":
			fmt.Fprint(os.Stderr, strings.Repeat("x", 5000), "\x1b[2Jout of memory\n")
			os.Exit(3)
		case "leaves":
			os.Exit(0)
		case "hangs":
			hang()
		case "hangs with a child":
			os.Setenv(behaviour, "hangs at once")
			if _, err := os.StartProcess(os.Args[0], os.Args, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}); err != nil {
				os.Exit(8)
			}
			hang()
		case "floods":
			for {
				if _, err := fmt.Print(strings.Repeat("y", 1<<16)); err != nil {
					os.Exit(1)
				}
			}
		case "answers twice":
			fmt.Print("{\"score\":0.1}\n{\"score\":0.2}\n")
		case "unended":
			fmt.Print(`{"flagged":true}`)
			os.Exit(0)
		}
	}
	if how == "fails late" {
		os.Exit(4)
	}
	os.Exit(0)
}

// hang waits for ever.
func hang() {
	forever := make(chan os.Signal, 1)
	signal.Notify(forever, os.Interrupt)
	<-forever
}

// run returns a guard that runs this binary.
func run(t *testing.T, ctx context.Context, how string, timeout time.Duration) *command.Guard {
	t.Helper()
	t.Setenv(behaviour, how)
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	g, err := command.New(ctx, command.Options{Command: self + "  -x ", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func ask(g *command.Guard, text string) (evaluate.Judgement, error) {
	return g.Judge(context.Background(), &corpus.Row{Text: text, Channel: "email"})
}

const minute = time.Minute

func TestAnswers(t *testing.T) {
	g := run(t, t.Context(), "answers", minute)
	none := evaluate.Mark{FPR: 1}
	for _, tt := range []struct {
		answer string
		want   evaluate.Mark
	}{
		{`{"score":0.93}`, evaluate.Mark{Score: 0.93}},
		{`{"score":0.5}`, evaluate.Mark{Score: 0.5}},
		{`{"score":0.49}`, evaluate.Mark{Score: 0.49, FPR: 1}},
		{`{"score":0}`, none},
		{`{"flagged":true}`, evaluate.Mark{Score: 1}},
		{`{"flagged":false}`, none},
		{`{"score":0.2,"flagged":true}`, evaluate.Mark{Score: 0.2}},
		{`{"score":0.9,"flagged":false,"label":"x"}`, evaluate.Mark{Score: 0.9, FPR: 1}},
		{`origin`, evaluate.Mark{Score: 0.25, FPR: 1}},
	} {
		got, err := ask(g, tt.answer)
		if err != nil || got.Attack != tt.want || got.Harm != none {
			t.Errorf("%s: %+v, %v; want %+v", tt.answer, got, err, tt.want)
		}
	}
	// No judgement on one text; the next one has one.
	_, err := ask(g, `{"error":"too long"}`)
	var u *evaluate.Unanswered
	if !errors.As(err, &u) {
		t.Errorf("error %v, want unanswered", err)
	}
	if got, err := ask(g, `{"score":1}`); err != nil || got.Attack.Score != 1 {
		t.Errorf("after it: %+v, %v", got, err)
	}
	if err := g.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if _, err := ask(g, `{"score":1}`); err == nil {
		t.Error("a closed program answered")
	}
}

// TestLargeTexts: a text as long as a row may be comes in one line.
func TestLargeTexts(t *testing.T) {
	g := run(t, t.Context(), "answers", minute)
	if got, err := ask(g, `{"score":1`+strings.Repeat(" ", command.MaxAnswer-100)+"}"); err != nil || got.Attack.Score != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ask(g, strings.Repeat("z", 4<<20)); err == nil || !strings.Contains(err.Error(), "a line of more than 65536 bytes") {
		t.Errorf("error %v, want that the answer is too long", err)
	}
}

// TestNoJudgement: what a program did not judge ends the measurement; it is neither
// safe nor left out.
func TestNoJudgement(t *testing.T) {
	for _, tt := range []struct{ how, text, want string }{
		{"crashes", "now", "ended before it answered (exit status 3); its standard error ends: x"},
		{"leaves", "now", "ended before it answered (with status 0)"},
		{"floods", "now", "a line of more than"},
		{"answers", "fine", `answered "fine": invalid JSON`},
		{"answers", `"fine"`, "a string; expected an object"},
		{"answers", `{"score":"high"}`, `key "score" is a string; expected a number`},
		{"answers", `{"score":1.01}`, "a score of 1.01; expected 0 to 1"},
		{"answers", `{"score":-1}`, "a score of -1"},
		{"answers", `{"score":null,"error":null}`, "expected {\"score\":0 to 1}"},
		{"answers", `{"label":"SAFE"}`, "expected {\"score\":0 to 1}"},
		{"answers", "", "unexpected end of JSON"},
	} {
		t.Run(tt.how+" "+tt.text, func(t *testing.T) {
			g := run(t, t.Context(), tt.how, minute)
			if _, err := ask(g, `{"score":0.1}`); err != nil {
				t.Fatal(err)
			}
			_, err := ask(g, tt.text)
			var u *evaluate.Unanswered
			if err == nil || errors.As(err, &u) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if len(err.Error()) > 1400 || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("an error of %d bytes, or with escapes: %q", len(err.Error()), err)
			}
			if _, again := ask(g, `{"score":0.1}`); again == nil {
				t.Error("the next text was judged")
			}
			if err := g.Close(); err != nil {
				t.Errorf("closing after an error: %v", err)
			}
		})
	}
}

// TestUnasked: a line too many would shift all answers that follow.
func TestUnasked(t *testing.T) {
	g := run(t, t.Context(), "greets", minute)
	if _, err := ask(g, `{"score":0.1}`); err == nil || !strings.Contains(err.Error(), `"model loaded"`) {
		t.Errorf("error %v, want that the greeting is none", err)
	}
	g = run(t, t.Context(), "answers twice", minute)
	if _, err := ask(g, "now"); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err == nil || !strings.Contains(err.Error(), "without being asked") {
		t.Errorf("error %v, want that a line was too many", err)
	}
}

func TestEndings(t *testing.T) {
	g := run(t, t.Context(), "unended", minute)
	if got, err := ask(g, "now"); err != nil || got.Attack.Score != 1 {
		t.Errorf("last line without an end: %+v, %v", got, err)
	}
	g = run(t, t.Context(), "fails late", minute)
	if _, err := ask(g, `{"score":0.1}`); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err == nil || !strings.Contains(err.Error(), "after its last answer the program ended with exit status 4") {
		t.Errorf("error %v, want its status", err)
	}
	if err := run(t, t.Context(), "answers", minute).Close(); err != nil {
		t.Errorf("closing what never ran: %v", err)
	}
}

// TestSilence: a program that does not answer is killed, with what it started.
func TestSilence(t *testing.T) {
	for _, how := range []string{"hangs", "hangs with a child"} {
		g := run(t, t.Context(), how, 300*time.Millisecond)
		begun := time.Now()
		_, err := ask(g, "now")
		if err == nil || !strings.Contains(err.Error(), "did not answer within 300ms") {
			t.Errorf("%s: error %v, want that it did not answer", how, err)
		}
		if err := g.Close(); err != nil {
			t.Errorf("%s: closing: %v", how, err)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s: it took %v to be rid of it", how, took)
		}
	}
}

// TestInterrupted: an interrupt is no missing answer, and ends the program.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	g := run(t, ctx, "hangs", minute)
	if _, err := ask(g, `{"score":0.1}`); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, stop)
	if _, err := g.Judge(ctx, &corpus.Row{Text: "now"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context canceled", err)
	}
	if err := g.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

func TestCommands(t *testing.T) {
	for _, line := range []string{"", "   ", "no-such-program-anywhere x"} {
		if _, err := command.New(t.Context(), command.Options{Command: line, Timeout: minute}); err == nil {
			t.Errorf("%q is a command", line)
		}
	}
}
