package node

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"warder.example/guard/threat"
	"warder.example/internal/store"
)

// ask sends an administrative request.
func (s *site) ask(token, method, path, contentType, body string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.admin+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, body: string(b), err: err}
}

// differentTexts are JSON Lines of honest texts that have little in common.
func differentTexts(n int) string {
	var b strings.Builder
	x := uint64(1)
	for range n {
		b.WriteString(`{"text":"`)
		for i := range 24 {
			x = x*6364136223846793005 + 1442695040888963407
			b.WriteByte("bcdfghklmnprstvw"[x>>60])
			b.WriteByte("aeiou"[x>>32%5])
			if i%3 == 2 {
				b.WriteByte(' ')
			}
		}
		b.WriteString("\"}\n")
	}
	return b.String()
}

// TestAdminAPI: an attack that is reported over HTTP is refused on the data plane, the
// act bears the name of the token, a token that is taken out of the configuration is
// worth nothing after a reload, and a browser's page gets nowhere.
func TestAdminAPI(t *testing.T) {
	const token = "wat_a-token-for-the-test-of-a-running-node"
	t.Setenv("WARDER_NODE_TEST_ADMIN", token)
	up := says(t, "fine")
	s := newSite(t, t.TempDir(), up, "admin_tokens: [{name: soc, token: 'env:WARDER_NODE_TEST_ADMIN', scopes: ['threats:write']}]\n")
	s.start()
	if r := s.get("/v1/threats"); r.status != http.StatusUnauthorized || !strings.Contains(r.body, "missing_admin_token") {
		t.Fatalf("without a token: %d %s", r.status, r.body)
	}
	if r := s.post(token, "hello", false); r.status != http.StatusUnauthorized {
		t.Errorf("an admin token on the data plane: %d", r.status)
	}
	r := s.ask(token, "POST", "/v1/threats", "application/json", fmt.Sprintf(`{"texts":[%q],"application":"desk","source":"soc"}`, confirmedAttack))
	var added struct{ Threats []store.Threat }
	if err := json.Unmarshal([]byte(r.body), &added); err != nil || r.status != http.StatusCreated || len(added.Threats) != 1 {
		t.Fatalf("adding: %d %s", r.status, r.body)
	}
	at := "/v1/threats/" + added.Threats[0].ID
	if r := s.ask(token, "POST", at+"/activate", "application/x-ndjson", differentTexts(3000)); r.status != http.StatusOK {
		t.Fatalf("activating: %d %s", r.status, r.body)
	}
	eventually(t, "it is refused", func() bool { return s.post(s.key, confirmedAttack, false).status != http.StatusOK })
	eventually(t, "the acts bear the name of the token", func() bool {
		n := 0
		for _, e := range s.entries() {
			if a, ok := e.Event.Payload.(Act); ok && strings.HasPrefix(a.Act, "threat.") && a.Actor == "token:soc" {
				n++
			}
		}
		return n == 2
	})
	req, err := http.NewRequestWithContext(t.Context(), "DELETE", s.admin+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Origin", "https://elsewhere.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("from a page of another site: %d", res.StatusCode)
	}
	s.configure(up, "")
	s.reload <- os.Interrupt
	eventually(t, "the token is gone", func() bool { return strings.Contains(s.ask(token, "GET", at, "", "").body, "admin_api_off") })
	if strings.Contains(s.log.String(), token) || strings.Contains(s.log.String(), "lighthouse") {
		t.Error("the log quotes the token or the attack")
	}
}

// TestWhoSuspends: a key that sends an attack in many variations, each time for another
// end user that it names in the body, does not suspend the entry; six end users in the
// header that the operator named do.
func TestWhoSuspends(t *testing.T) {
	up := says(t, "fine")
	s := newSite(t, t.TempDir(), up, "applications: {desk: {subject_header: X-User}}\n")
	s.start()
	sketch, err := threat.Of(confirmedAttack)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.db.AddThreat(s.as(), store.Threat{Category: "jailbreak", Source: "tests", Sketch: sketch})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ActivateThreat(s.as(), x.ID, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is refused", func() bool { return s.post(s.key, confirmedAttack, false).status != http.StatusOK })
	n := 0
	send := func(times int, header func(i int) string) {
		for i := range times {
			n++
			body := fmt.Sprintf(`{"model":"m1","user":"user %d","messages":[{"role":"user","content":%q}]}`, n, fmt.Sprint(confirmedAttack, " today ", n))
			req, err := http.NewRequestWithContext(t.Context(), "POST", s.base+"/v1/chat/completions", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+s.key)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-User", header(i))
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}
	}
	send(80, func(int) string { return "one" })
	eventually(t, "it is logged", func() bool { return strings.Contains(s.log.String(), "stays active") })
	if got, err := s.db.Threat(t.Context(), x.ID); err != nil || got.State != store.ThreatActive {
		t.Fatalf("after one caller it is %s, %v", got.State, err)
	}
	send(80, func(i int) string { return fmt.Sprint("user ", i%8) })
	eventually(t, "it is suspended", func() bool {
		got, err := s.db.Threat(t.Context(), x.ID)
		return err == nil && got.State == store.ThreatSuspended
	})
}
