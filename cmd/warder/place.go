package main

import (
	"errors"
	"io/fs"
	"os"

	"warder.example/internal/config"
	"warder.example/internal/node"
)

// placeFlags say which deployment's state a command is about. The command line
// goes before the environment, and a folder before a configuration; without
// any of them it is where a server started in this folder keeps its state.
type placeFlags struct {
	Data   string `help:"Data folder (default: $$WARDER_DATA, else what the configuration says)." placeholder:"DIR"`
	Config string `short:"c" help:"Configuration that says where the state is (default: $$WARDER_CONFIG, else warder.yaml where there is one)." placeholder:"FILE"`
}

// defaultConfig is the configuration of a server that is not told of another.
const defaultConfig = "warder.yaml"

// settings returns a configuration of which only the place of the state is to
// be used. load reads a file, as far as the command needs it.
func (p placeFlags) settings(e *env, load func(path string) (*config.Config, error)) (*config.Config, error) {
	cfg := config.Default()
	data, file := p.Data, p.Config
	if data == "" && file == "" {
		data, file = e.getenv("WARDER_DATA"), e.getenv("WARDER_CONFIG")
	}
	if data != "" {
		cfg.Data = data
		return cfg, nil
	}
	if file != "" {
		return load(file)
	}
	found, err := load(defaultConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return cfg, nil
	}
	return found, err
}

// ledgerDir returns the folder of the deployment's log.
func (p placeFlags) ledgerDir(e *env) (string, error) {
	cfg, err := p.settings(e, config.LoadData)
	if err != nil {
		return "", err
	}
	return node.LedgerDir(cfg), nil
}

// sameFile reports whether two names lead to one existing file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
