package target

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"warder.example/guard/strictyaml"
	"warder.example/internal/config"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of target files.
func Schema() []byte { return schema }

// maxPrompt bounds an operator's prompt in bytes.
const maxPrompt = 256 << 10

// Load reads and checks the target file at path, with its prompt, its canaries and
// its secrets. All that is wrong is reported at once, as [strictyaml.Problems] with
// lines.
func Load(path string) (*File, error) {
	data, err := readBounded(path, strictyaml.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("reading target %q: %w", path, err)
	}
	return parse(path, data, os.LookupEnv)
}

func parse(path string, data []byte, env func(string) (string, bool)) (*File, error) {
	f := Default()
	at, err := strictyaml.Decode(path, data, f)
	if err != nil {
		return nil, err
	}
	f.dir = filepath.Dir(path)
	f.readPrompt(at)
	sum := sha256.New()
	sum.Write(data)
	io.WriteString(sum, "\x00"+f.Prompt)
	f.digest = hex.EncodeToString(sum.Sum(nil))
	f.check(at)
	f.secrets(at, env)
	f.plant(at)
	return f, at.Err()
}

// readPrompt takes the prompt from its file.
func (f *File) readPrompt(at *strictyaml.File) {
	switch {
	case f.PromptFile != "" && f.Prompt != "":
		at.Errorf("prompt_file", "prompt_file: the file gives prompt, too; expected one of them")
	case f.PromptFile != "":
		path := f.PromptFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(f.dir, path)
		}
		data, err := readBounded(path, maxPrompt)
		if err != nil {
			at.Errorf("prompt_file", "prompt_file: reading %.200q: %v", f.PromptFile, err)
		}
		if !utf8.Valid(data) {
			at.Errorf("prompt_file", "prompt_file: %.200q is not text in UTF-8", f.PromptFile)
		}
		f.Prompt = string(data)
	}
	if len(f.Prompt) > maxPrompt {
		at.Errorf("prompt", "prompt has more than %d bytes", maxPrompt)
	}
}

// secrets reads what the file refers to.
func (f *File) secrets(at *strictyaml.File, env func(string) (string, bool)) {
	resolve := func(path string, s *config.Secret) {
		if !at.Has(path) {
			return
		}
		if err := s.Resolve(f.dir, env); err != nil {
			at.Errorf(path, "%s: %v", path, err)
		}
	}
	resolve("key", &f.Key)
	resolve("guards.off.key", &f.Guards.Off.Key)
	resolve("guards.observe.key", &f.Guards.Observe.Key)
	resolve("guards.block.key", &f.Guards.Block.Key)
	for key, m := range map[string]map[string]config.Secret{"secret_headers": f.SecretHeaders, "env": f.Env} {
		for name, s := range m {
			resolve(strictyaml.Join(key, name), &s)
			m[name] = s
		}
	}
}

// readBounded reads a regular file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("has more than %d bytes", limit)
	}
	return data, cause(err)
}

// cause takes the path off an error whose message names it.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// plant makes the values of canaries and writes them into the prompt.
func (f *File) plant(at *strictyaml.File) {
	for i := range f.Canaries {
		c, path := &f.Canaries[i], strictyaml.Index("canaries", i)
		mark := "{{canary." + c.Name + "}}"
		if c.Made {
			if !strings.Contains(f.Prompt, mark) || f.Installed {
				at.Errorf(path, "%s: nothing tells the target the value that is made; expected %s in a prompt that is sent, or the planted value", path, mark)
			}
			c.Value = f.made(c.Name)
		}
		f.Prompt = strings.ReplaceAll(f.Prompt, mark, c.Value)
	}
	if i := strings.Index(f.Prompt, "{{canary."); i >= 0 {
		at.Errorf("prompt", "prompt: %.60q is none of the canaries", f.Prompt[i:])
	}
}
