package budget

import "fmt"

// Snapshot returns what the journal at path holds now, also while a [Memory] writes it,
// after reading it as [OpenMemory] does: what a store opened on it counts is no less
// than what was acknowledged before the call. It is empty where there is no journal.
func Snapshot(path string) ([]byte, error) {
	data, err := readJournal(path)
	if err == nil {
		m := &Memory{}
		m.reset()
		err = m.replay(data)
	}
	if err != nil {
		return nil, fmt.Errorf("reading budgets %q: %w", path, err)
	}
	return data, nil
}
