package budget

import "os"

// BreakFile makes every write of the journal fail until restore is called.
func BreakFile(m *Memory) (restore func()) {
	m.journal.writing.Lock()
	defer m.journal.writing.Unlock()
	good := m.journal.file
	bad, err := os.Open(m.journal.path) // for reading
	if err != nil {
		panic(err)
	}
	m.journal.file = bad
	return func() {
		m.journal.writing.Lock()
		defer m.journal.writing.Unlock()
		m.journal.file = good
		_ = bad.Close()
	}
}

// Replay reads a journal.
func Replay(data []byte) error {
	m := &Memory{}
	m.reset()
	return m.replay(data)
}
