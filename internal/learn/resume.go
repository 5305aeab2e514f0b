package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"os"
	"path/filepath"
	"sync"

	"warder.example/guard/textmodel"
)

// key names a unit of work by everything that its result depends on.
func (s *set) key(w without, cfg Config) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %x %d %d %d %d %v %v", Recipe, textmodel.FeaturesName, s.digest, cfg.Seed, cfg.Bits,
		cfg.Epochs, cfg.Average, w, []any{learningRate, softening, decay, cfg.reweighing(), maxPush, smoothing, tooSmall, clipQuantile}))
	return hex.EncodeToString(sum[:])
}

// hash digests the examples.
func (s *set) hash() (out [32]byte) {
	d := sha256.New()
	for i := range s.examples {
		e := &s.examples[i]
		number(d, uint64(e.fold), uint64(e.part))
		for h := range heads {
			number(d, uint64(e.y[h]), uint64(math.Float32bits(e.weight[h])))
		}
		for _, list := range e.features {
			b := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+4*len(list)), uint64(len(list)))
			for _, x := range list {
				b = binary.LittleEndian.AppendUint32(b, x)
			}
			d.Write(b)
		}
	}
	if s.knows.Lexicon != nil {
		d.Write(s.knows.Lexicon.Bytes())
	}
	d.Sum(out[:0])
	return out
}

func number(d hash.Hash, xs ...uint64) {
	for _, x := range xs {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], x)
		d.Write(b[:])
	}
}

// recall returns the finished unit with that key, nil if there is none in dir
// that can be read: then it is trained again.
func recall(dir, key string) *textmodel.Model {
	b := recalled(dir, key+".unit")
	if b == nil {
		return nil
	}
	m, err := textmodel.Load(b)
	if err != nil || m.Spec().Recipe != key {
		return nil
	}
	return m
}

// recalled returns a file that was kept, nil if there is none.
func recalled(dir, name string) []byte {
	if dir == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil
	}
	return b
}

// keep stores a finished unit.
func keep(dir, key string, m *textmodel.Model) error {
	return store(dir, key+".unit", m.Bytes())
}

// store writes a file; it replaces one of that name in one step.
func store(dir, name string, data []byte) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	f, err := os.CreateTemp(dir, "unit-*")
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// progress returns a function that counts up; many goroutines may call it.
func progress(cfg Config, stage string, total int) func() {
	var mu sync.Mutex
	done := 0
	cfg.Progress(stage, 0, total)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		cfg.Progress(stage, done, total)
	}
}
