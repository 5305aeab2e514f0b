package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/internal/access"
)

// untouched is a body that must not be read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("the body of a request that was shed was read")
	return 0, io.EOF
}

func (untouched) Close() error { return nil }

// crowd is a gateway whose upstream answers when it may.
type crowd struct {
	*rig
	in  chan string // models asked for
	out chan struct{}
}

func newCrowd(t *testing.T, config string) *crowd {
	c := &crowd{in: make(chan string, 64), out: make(chan struct{})}
	app := func(id, name string) access.Application {
		return access.Application{ID: id, Name: name, Environment: access.Prod, DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce}
	}
	c.rig = newRig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, model, _ := strings.Cut(string(b), `"model":"`)
		model, _, _ = strings.Cut(model, `"`)
		c.in <- model
		<-c.out
		answers("application/json", answerBody("hello")).ServeHTTP(w, r)
	}), rigOptions{config: config, apps: []access.Application{app("app_3", "flood"), app("app_4", "quiet"), app("app_5", "night")}})
	return c
}

// eventually waits until something holds that others bring about.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-late:
			t.Fatal("not within 20s")
		case <-again.C:
		}
	}
}

// enter sends a request for a model that is named after its application and waits
// until the gate has it.
func (c *crowd) enter(t *testing.T, all *sync.WaitGroup, app string, waiting int) {
	t.Helper()
	all.Go(func() {
		if p := c.post(app, strings.Replace(chatBody("hi"), "m1", "m-"+app, 1)); p.status != 200 {
			t.Errorf("%s: %d %s", app, p.status, p.body)
		}
	})
	eventually(t, func() bool { _, n := c.server.gate.Load(); return n == waiting })
}

// TestShedBeforeWork: with all places taken and nobody allowed to wait, a request is
// refused without a look at its body, and its key and limits cost nothing more.
func TestShedBeforeWork(t *testing.T) {
	c := newCrowd(t, "limits: {concurrent: 1, waiting: 0}\n")
	var all sync.WaitGroup
	c.enter(t, &all, "app", 0)
	<-c.in
	for _, path := range []string{"/v1/chat/completions", "/v1/guard", "/v1/moderations", "/v2/guard", "/v2/guard/results"} {
		r := httptest.NewRequest(http.MethodPost, path, untouched{t})
		r.ContentLength = 1 << 30
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+c.keys["app"])
		w := httptest.NewRecorder()
		c.server.Handler().ServeHTTP(w, r)
		if w.Code != 503 || !strings.Contains(w.Body.String(), `"overloaded"`) || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	close(c.out)
	all.Wait()
}

// TestNobodyStarves: among those that wait, applications take turns, and what nobody
// waits for goes last.
func TestNobodyStarves(t *testing.T) {
	c := newCrowd(t, "limits: {concurrent: 1, waiting: 9, patience: 1m}\napplications:\n  night: {class: batch}\n")
	var all sync.WaitGroup
	c.enter(t, &all, "app", 0)
	<-c.in
	waiting := 0
	for _, app := range []string{"night", "flood", "flood", "flood", "quiet"} {
		waiting++
		c.enter(t, &all, app, waiting)
	}
	var got []string
	for range 5 {
		c.out <- struct{}{}
		got = append(got, <-c.in)
	}
	if want := "m-flood m-quiet m-flood m-flood m-night"; strings.Join(got, " ") != want {
		t.Errorf("served %q; want %q", strings.Join(got, " "), want)
	}
	c.out <- struct{}{}
	all.Wait()
}

// TestPlacesCanChange: more places by a reload let those in that wait.
func TestPlacesCanChange(t *testing.T) {
	const limits = "limits: {concurrent: %, waiting: 9, patience: 1m}\n"
	c := newCrowd(t, strings.Replace(limits, "%", "1", 1))
	var all sync.WaitGroup
	c.enter(t, &all, "app", 0)
	<-c.in
	c.enter(t, &all, "app", 1)
	c.configure("http://127.0.0.1:1", strings.Replace(limits, "%", "2", 1))
	// The second keeps the configuration, and so the upstream, that it came with.
	if err := c.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-c.in
	close(c.out)
	all.Wait()
}
