//go:build !extproc

package node

import (
	"strings"
	"testing"
)

// TestExtProcIsNotBuilt: a build that cannot guard Envoy's calls does not start as if
// it did.
func TestExtProcIsNotBuilt(t *testing.T) {
	s := newSite(t, t.TempDir(), "http://127.0.0.1:1", "ext_proc: {listen: '127.0.0.1:0'}\n")
	n, err := Open(t.Context(), s.path, s.logger())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Run(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), "-tags extproc") {
		t.Errorf("running: %v", err)
	}
	if log := s.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("the log has an error of work that was called off: %s", log)
	}
}
