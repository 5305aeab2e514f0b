package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"warder.example/guard/strictyaml"
	"warder.example/internal/admission"
)

// maxSecret is the most bytes of a secret.
const maxSecret = 64 << 10

// Load reads, checks and resolves the configuration file at path. All that is
// wrong is reported at once, as [strictyaml.Problems] with lines.
func Load(path string) (*Config, error) { return load(path, os.LookupEnv) }

// LoadState is [Load] for programs beside the server that need to know where its
// state is: it resolves Data and Store, and leaves all else as written, so that
// no secret of the server's is needed but that of the store.
func LoadState(path string) (*Config, error) { return loadPart(path, os.LookupEnv, (*resolver).state) }

// LoadData is [LoadState] without the store: it resolves Data alone.
func LoadData(path string) (*Config, error) { return loadPart(path, os.LookupEnv, (*resolver).data) }

// LoadGuard is [LoadState] for programs that judge as the server does: it resolves
// the paths of policies and thresholds, and needs no secret.
func LoadGuard(path string) (*Config, error) { return loadPart(path, os.LookupEnv, (*resolver).guard) }

func load(path string, env func(string) (string, bool)) (*Config, error) {
	return loadPart(path, env, (*resolver).all)
}

// loadPart reads and checks the file, and resolves what resolve takes on.
func loadPart(path string, env func(string) (string, bool), resolve func(*resolver, *Config)) (*Config, error) {
	data, err := readBounded(path, strictyaml.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("reading configuration %q: %w", path, err)
	}
	c, f, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	r := resolver{dir: filepath.Dir(path), env: env, file: f}
	resolve(&r, c)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Parse reads and checks a configuration without looking at anything beside
// it: paths stay as written and secrets unresolved. name is what errors call it.
func Parse(name string, data []byte) (*Config, error) {
	c, _, err := parse(name, data)
	return c, err
}

func parse(name string, data []byte) (*Config, *strictyaml.File, error) {
	c := Default()
	f, err := strictyaml.Decode(name, data, c)
	if err != nil {
		return nil, f, err
	}
	c.check(f.Errorf)
	if err := f.Err(); err != nil {
		return nil, f, err
	}
	c.fill()
	c.file = f
	return c, f, nil
}

// located returns an error about the value at path with its line, unless it names a
// file and lines of its own.
func (c *Config) located(path string, err error) error {
	if err == nil || c.file == nil || errors.As(err, new(strictyaml.Problems)) {
		return err
	}
	return strictyaml.Problems{{File: c.file.Name(), Line: c.file.Line(path), Text: path + ": " + err.Error()}}
}

// fill writes out defaults inside of lists and maps.
func (c *Config) fill() {
	for i := range c.Upstreams {
		u := &c.Upstreams[i]
		if *u = u.WithDefaults(c.Limits); len(u.Models) == 0 {
			u.Models = []string{"*"}
		}
	}
	for name, a := range c.Applications {
		a.UnknownFields = orDefault(a.UnknownFields, UnknownInspect)
		a.Class = orDefault(a.Class, admission.Interactive.String())
		c.Applications[name] = a
	}
}

// readBounded reads a file of at most limit bytes; of a larger one it returns
// one byte more.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	return data, cause(err)
}

// cause takes the path off an error whose message will name it.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// resolver turns references of a file into what they refer to.
type resolver struct {
	dir  string // folder of the file
	env  func(string) (string, bool)
	file *strictyaml.File
}

func (r *resolver) all(c *Config) {
	r.state(c)
	r.adminTokens(c)
	r.guard(c)
	r.telemetry(&c.Telemetry)
	r.extProc(&c.ExtProc)
	for _, p := range []*string{&c.TLS.Cert, &c.TLS.Key, &c.Ledger.Checkpoint.File, &c.Spending.Prices} {
		*p = r.path(*p)
	}
	for i := range c.Upstreams {
		r.upstream(&c.Upstreams[i], strictyaml.Index("upstreams", i))
	}
}

// state resolves where the state is.
func (r *resolver) state(c *Config) {
	r.data(c)
	c.Store.value = r.secret("store", c.Store)
	c.checkStore(r.file.Errorf)
}

// guard resolves what texts are judged by.
func (r *resolver) guard(c *Config) {
	c.Policy, c.Guard.Thresholds = r.path(c.Policy), r.path(c.Guard.Thresholds)
	for name, p := range c.Policies {
		c.Policies[name] = r.path(p)
	}
}

func (r *resolver) data(c *Config) { c.Data = r.path(c.Data) }

// path returns p as seen from the working folder.
func (r *resolver) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

// secret returns the value that s refers to. Errors never hold it.
func (r *resolver) secret(at string, s Secret) string {
	scheme, name, ok := cutReference(s.ref)
	var value string
	switch {
	case !ok:
		return s.ref
	case scheme == "env":
		if value, ok = r.env(name); !ok || value == "" {
			r.file.Errorf(at, "%s: the environment variable %.80q is not set", at, name)
			return ""
		}
	default:
		var err error
		if value, err = readSecret(r.path(name)); err != nil {
			r.file.Errorf(at, "%s: reading %.200q: %v", at, name, err)
			return ""
		}
	}
	if !usable(value) {
		r.file.Errorf(at, "%s: the value of %s is empty, over %d bytes, or holds control characters", at, s.ref, maxSecret)
		return ""
	}
	return value
}
