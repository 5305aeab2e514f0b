package gateway

import (
	"strings"
	"testing"
)

// TestNumbersThatTellSomething: the number of a card is masked where it is
// written as a number, in requests and in answers, and times and limits are not.
func TestNumbersThatTellSomething(t *testing.T) {
	var got string
	const card = "4111111111111111"
	member := func(n string) string {
		return strings.Replace(answerBody("fine"), `"role"`, `"reference":`+n+`,"role"`, 1)
	}
	r := newRig(t, recorded(&got, "application/json", member(card)), rigOptions{})
	call := `{"model":"m1","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"pay","arguments":{"card":` + card + `,"at":1760000000123,"most":2147483647}}}]},{"role":"tool","tool_call_id":"c","content":"done"}]}`
	p := r.post("app", call)
	if strings.Contains(got, card) || strings.Contains(p.body, card) {
		t.Errorf("a card passed: upstream got %q, caller %q", got, p.body)
	}
	if p.status != 200 || !strings.Contains(got, `"at":1760000000123,"most":2147483647`) {
		t.Errorf("status %d: numbers of other kinds changed: %q %s", p.status, got, p.body)
	}
	// The same in an unknown field.
	got = ""
	r.post("app", `{"model":"m1","messages":[{"role":"user","content":"hi"}],"reference":4.111111111111111e15,"since":1700000000,"most":9007199254740991}`)
	if got == "" || strings.Contains(got, "4.111111111111111e15") || !strings.Contains(got, `"since":1700000000,"most":9007199254740991`) {
		t.Errorf("upstream got %q", got)
	}
}
