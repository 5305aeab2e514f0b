package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"warder.example/internal/corpus"
)

// Bounds of the upstream.
const (
	maxAnswer  = corpus.MaxLine
	maxRequest = 16 << 20
	maxAnswers = 4 * maxConcurrency
)

// saidByDefault is the answer to rows that bring none.
const saidByDefault = "Thank you, that is noted."

// upstream is a model server that says what it was told to. PUT and DELETE
// /v1/rows/ID keep and drop an answer; a chat completion whose seed is ID gets
// it. It is safe for concurrent use.
type upstream struct {
	mu      sync.Mutex
	answers map[int64]string
}

func newUpstream() *upstream { return &upstream{answers: map[int64]string{}} }

// handler returns the routes of the upstream.
func (u *upstream) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /v1/rows/{id}", u.put)
	mux.HandleFunc("DELETE /v1/rows/{id}", u.drop)
	mux.HandleFunc("POST /v1/chat/completions", u.chat)
	return mux
}

func (u *upstream) put(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "row id is not an integer", http.StatusBadRequest)
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	if err != nil {
		http.Error(w, "answer could not be read", http.StatusRequestEntityTooLarge)
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.answers) >= maxAnswers {
		http.Error(w, "too many answers are kept", http.StatusInsufficientStorage)
		return
	}
	u.answers[id] = string(text)
	w.WriteHeader(http.StatusNoContent)
}

func (u *upstream) drop(w http.ResponseWriter, r *http.Request) {
	if id, err := strconv.ParseInt(r.PathValue("id"), 10, 64); err == nil {
		u.mu.Lock()
		delete(u.answers, id)
		u.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

// chat answers a chat completion. It does not stream.
func (u *upstream) chat(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model string `json:"model"`
		Seed  int64  `json:"seed"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&in); err != nil {
		http.Error(w, `{"error":{"message":"the request could not be read","type":"invalid_request_error","param":null,"code":null}}`, http.StatusBadRequest)
		return
	}
	u.mu.Lock()
	text, ok := u.answers[in.Seed]
	u.mu.Unlock()
	if !ok {
		text = saidByDefault
	}
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	type choice struct {
		Index        int     `json:"index"`
		Message      message `json:"message"`
		FinishReason string  `json:"finish_reason"`
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		ID      string   `json:"id"`
		Object  string   `json:"object"`
		Created int64    `json:"created"`
		Model   string   `json:"model"`
		Choices []choice `json:"choices"`
	}{"chatcmpl-row", "chat.completion", 1767225600, in.Model, []choice{{0, message{"assistant", text}, "stop"}}})
}

// runUpstream serves an upstream until ctx ends.
func runUpstream(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flags("replay upstream")
	listen := f.String("listen", "127.0.0.1:0", "loopback `ADDRESS`; port 0 takes a free one")
	if err := parseFlags(f, args, stderr); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(*listen)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("--listen is %.64q; expected a loopback ip:port, since anybody who reaches it decides what it says", *listen)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	srv := &http.Server{Handler: newUpstream().handler(), ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		_ = srv.Close()
	}()
	fmt.Fprintf(stdout, "replay: upstream at http://%s/v1\n", l.Addr())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	<-stopped
	return nil
}
