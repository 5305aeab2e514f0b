package replay

import (
	"context"
	"strings"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/internal/replay/logs"
)

// Hidden stands for the name of an application or model in which a credential or
// personal data stands, or which was too long to be read whole.
const Hidden = "?"

// names tells which names of a log may be shown. It is safe for concurrent use.
type names struct {
	guard guard.Guard
}

// newNames returns names that asks for the same whatever the policy says: what a
// policy allows to be sent to a model need not stand in a report.
func newNames() *names {
	return &names{guard.Guard{Detectors: []guard.Detector{detect.NewSecrets(), detect.NewPII()}, Results: &results{}}}
}

// show returns the name, or [Hidden].
func (n *names) show(ctx context.Context, name string) (string, error) {
	if len(name) > logs.MaxName-utf8.UTFMax { // cut, perhaps within what a detector knows
		return Hidden, nil
	}
	// As the gateway asks: of a name personal data is not looked for otherwise.
	found, err := n.guard.Find(ctx, []guard.Text{{Content: name, Origin: guard.OriginUser, Kind: guard.Prose}})
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return Hidden, nil
	}
	// The name becomes a part of a key.
	return strings.ToValidUTF8(strings.ReplaceAll(name, sep, "\uFFFD"), "\uFFFD"), nil
}
