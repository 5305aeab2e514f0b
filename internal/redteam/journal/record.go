package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"warder.example/internal/redteam/probe"
)

// A Key is what makes an attempt the attempt that it is. Two with the same key are
// the same one: a run makes each once.
type Key struct {
	Target   string `json:"target"`             // digest of the target file
	Family   string `json:"family"`             // id of the attack family
	Seed     string `json:"seed"`               // id of the seed in it
	Twin     bool   `json:"twin,omitempty"`     // the honest twin of the seed
	Strategy string `json:"strategy,omitempty"` // as strategy.Find reads it; empty: plain
	Guard    string `json:"guard,omitempty"`    // off, observe or block, of targets behind Warder
	Draw     uint64 `json:"draw"`               // seed of everything random in it
	Repeat   int    `json:"repeat,omitempty"`   // of the same, to see how much an answer varies
}

// ID returns the hex of the SHA-256 of the key's JSON.
func (k Key) ID() string {
	sum := k.sum()
	return hex.EncodeToString(sum[:])
}

func (k Key) sum() [sha256.Size]byte {
	data, err := json.Marshal(k)
	if err != nil {
		panic(err) // strings and numbers
	}
	return sha256.Sum256(data)
}

// A Record is an attempt and what came of it.
type Record struct {
	Key        Key              `json:"key"`
	ID         string           `json:"id"` // hex of the SHA-256 of the key
	At         time.Time        `json:"at"`
	Objective  probe.Objective  `json:"objective"`
	Transcript probe.Transcript `json:"transcript"`
	Verdict    probe.Verdict    `json:"verdict"`
	// Propensity is how likely the plan was to choose this cell when it did, for
	// plans that adapt; 0 for those that do not.
	Propensity float64 `json:"propensity,omitempty"`
}
