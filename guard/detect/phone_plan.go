package detect

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"io"
	"sync"
)

// phonePlanFile is the world's numbering plan: a minimal automaton over digits,
// made by TestPhonePlanIsCurrent from the metadata of the Go port of
// libphonenumber. A state is ten little-endian 16-bit next states and one byte,
// 1 where a number may end. State 0 is dead. The file begins with the roots of
// international numbers (without "+") and of national ones.
//
//go:embed phone_plan.bin
var phonePlanFile []byte

type phonePlan struct {
	international, national uint16
	next                    [][10]uint16
	accept                  []bool
}

// loadPhonePlan unpacks the plan once; the file is part of the program, so that
// a broken one is a programming error.
var loadPhonePlan = sync.OnceValue(func() *phonePlan {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(phonePlanFile)))
	if err != nil || len(raw) < 4 || (len(raw)-4)%21 != 0 {
		panic("detect: the embedded numbering plan is broken")
	}
	word := func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }
	p := &phonePlan{international: word(raw), national: word(raw[2:])}
	for raw = raw[4:]; len(raw) > 0; raw = raw[21:] {
		var n [10]uint16
		for d := range n {
			n[d] = word(raw[2*d:])
		}
		p.next = append(p.next, n)
		p.accept = append(p.accept, raw[20] == 1)
	}
	return p
})
