package attack

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

//go:embed families/*.yaml
var files embed.FS

// Bounds of what a catalogue reads.
const (
	MaxFamilies = 1000
	MaxFile     = 64 << 20 // bytes of a file of rows
	MaxRows     = 200_000  // of a file
)

// A Catalogue is families by id. It is not safe for concurrent use while files are read
// into it; its families are.
type Catalogue struct {
	families map[string]*Family
}

// Standard returns a new catalogue of Warder's own families.
func Standard() *Catalogue { return &Catalogue{families: maps.Clone(own())} }

// own reads the embedded families. They are part of the program: what is wrong with them
// is a mistake of it, and panics.
var own = sync.OnceValue(func() map[string]*Family {
	list, err := files.ReadDir("families")
	if err != nil {
		panic(err)
	}
	all := map[string]*Family{}
	for _, e := range list {
		data, err := files.ReadFile("families/" + e.Name())
		if err != nil {
			panic(err)
		}
		f, err := Read(e.Name(), data)
		if err != nil {
			panic(err)
		}
		if f.ID+".yaml" != e.Name() {
			panic(fmt.Sprintf("attack: %s has family %s", e.Name(), f.ID))
		}
		all[f.ID] = f
	}
	return all
})

// List returns all families by id.
func (c *Catalogue) List() []*Family {
	return slices.SortedFunc(maps.Values(c.families), func(a, b *Family) int { return strings.Compare(a.ID, b.ID) })
}

// Get returns the family with an id.
func (c *Catalogue) Get(id string) (*Family, bool) {
	f, ok := c.families[id]
	return f, ok
}

// ReadFile adds what a file of the user has: a family (.yaml, .yml), or texts for families
// that are there (.jsonl). On an error, which names file and line, nothing is added.
func (c *Catalogue) ReadFile(path string) error {
	read, most := c.addFamily, int64(1<<20)
	switch filepath.Ext(path) {
	case ".yaml", ".yml":
	case ".jsonl":
		read, most = c.addRows, MaxFile
	default:
		return fmt.Errorf("attacks %q: expected a file that ends in .yaml, .yml or .jsonl", path)
	}
	data, err := readAll(path, most)
	if err != nil {
		return fmt.Errorf("reading attacks: %w", err)
	}
	return read(filepath.Base(path), data)
}

// readAll reads a regular file of at most so many bytes.
func readAll(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: a pipe would wait for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%q has more than %d bytes", path, most)
	}
	return data, err
}

func (c *Catalogue) addFamily(name string, data []byte) error {
	f, err := Read(name, data)
	if err != nil {
		return err
	}
	if c.families[f.ID] != nil {
		return fmt.Errorf("%s: family %s is there already; expected an id of its own", name, f.ID)
	}
	if len(c.families) >= MaxFamilies {
		return fmt.Errorf("%s: there are %d families already, which is the most", name, MaxFamilies)
	}
	c.families[f.ID] = f
	return nil
}
