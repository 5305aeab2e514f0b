// Package node is one running Warder: it opens what the configuration names
// (store, audit log, keys), puts the gateway on top and keeps the background
// work going:
//
//   - keys and applications are refreshed from the store;
//   - administrative acts move from the store into the audit log, which only
//     the running node may write;
//   - confirmed attacks are refreshed from the store, and their hits written there;
//   - what budgets count is written and pruned;
//   - bundles are staged, put to use and taken back as the store says, and what
//     staged ones see is written there;
//   - which policy is in force where is noted in the store;
//   - the SQL projection of the audit log follows it, so that exchanges can be
//     asked for; it can be rebuilt from the log at any time.
package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/guard/threat"
	"warder.example/internal/access"
	"warder.example/internal/admin"
	"warder.example/internal/bundle"
	"warder.example/internal/config"
	"warder.example/internal/gateway"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
	"warder.example/internal/telemetry"
	"warder.example/internal/threats"
)

// Background work of a node, and how often it looks.
const (
	actInterval     = time.Second
	projectInterval = 500 * time.Millisecond
	retryInterval   = 5 * time.Second
)

// Node is one running Warder. Make it with [Open].
type Node struct {
	cfg       *config.Config
	log       *slog.Logger
	store     *store.DB
	ledger    *ledger.Ledger
	directory *access.Directory
	threats   *threats.Keeper
	bundles   *bundle.Keeper
	telemetry *telemetry.Telemetry // nil: off
	counters  counters
	gateway   *gateway.Server
}

// Open reads the configuration file and opens what it names. On an error
// nothing stays open.
func Open(ctx context.Context, path string, log *slog.Logger) (_ *Node, err error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	if n.store, err = store.Open(ctx, StoreDSN(cfg)); err != nil {
		return nil, err
	}
	if n.ledger, err = ledger.Open(LedgerDir(cfg), ledgerOptions(cfg)); err != nil {
		return nil, err
	}
	// The lock of the audit log protects the journal as well.
	if n.counters, err = openCounters(cfg, n.store); err != nil {
		return nil, err
	}
	salt, err := loadSalt(filepath.Join(cfg.Data, "subject.salt"))
	if err != nil {
		return nil, err
	}
	n.directory = access.NewDirectory(n.store)
	n.directory.Log = log
	if err := n.directory.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	memory := threat.NewMemory(store.MaxThreats)
	n.threats = threats.NewKeeper(n.store, memory, log, nil)
	if err := n.threats.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading confirmed attacks: %w", err)
	}
	n.bundles = &bundle.Keeper{Store: n.store, Folder: BundleDir(cfg), Log: log, Trust: n.trust}
	if err := n.bundles.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading bundles: %w", err)
	}
	if n.telemetry, err = telemetry.Open(cfg.Telemetry, version(), log); err != nil {
		return nil, err
	}
	n.gateway, err = gateway.New(gateway.Options{ConfigPath: path, Directory: n.directory, Ledger: n.ledger, Log: log, Salt: salt, Threats: memory, Bundles: n.bundles.Set(), Telemetry: n.telemetry, Counters: n.counters.store, Node: n.ledger.Name(),
		Admin: admin.New(n.store, func() []config.AdminToken { return n.gateway.AdminTokens() }, log, nil)})
	if err != nil {
		return nil, err
	}
	n.bundles.Use = n.gateway.UseBundles
	return n, nil
}

// StoreDSN returns where the store of a configuration is.
func StoreDSN(cfg *config.Config) string {
	if dsn := cfg.Store.Reveal(); dsn != "" {
		return dsn
	}
	return filepath.Join(cfg.Data, "warder.db")
}

// BundleDir returns where the files of imported bundles of a configuration are.
func BundleDir(cfg *config.Config) bundle.Folder {
	return bundle.Folder(filepath.Join(cfg.Data, "bundles"))
}

// trust returns the verifiers of the keys of bundles that are trusted now.
func (n *Node) trust() (note.Verifiers, error) {
	if n.gateway == nil {
		return bundle.Trust(n.cfg.Bundles.TrustedKeys)
	}
	return bundle.Trust(n.gateway.TrustedKeys())
}

// LedgerDir returns where the audit log of a configuration is.
func LedgerDir(cfg *config.Config) string { return filepath.Join(cfg.Data, "ledger") }

func ledgerOptions(cfg *config.Config) ledger.Options {
	o := ledger.Options{
		SegmentBytes:       int64(cfg.Ledger.SegmentBytes),
		Reserve:            int64(cfg.Ledger.Reserve),
		CheckpointInterval: cfg.Ledger.Checkpoint.Every,
	}
	switch cfg.Ledger.Sync {
	case config.SyncEach:
		o.Sync = ledger.SyncEach
	case config.SyncOS:
		o.Sync = ledger.SyncOS
	}
	if f := cfg.Ledger.Checkpoint.File; f != "" {
		o.CheckpointTo = []ledger.Publisher{ledger.CheckpointFile{Path: f}}
	}
	return o
}

// saltBytes is the length of the secret under subject commitments.
const saltBytes = 32

// loadSalt reads the secret under which subjects are committed to, and makes it
// on first use. It refuses a file that others may read.
func loadSalt(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		b = make([]byte, saltBytes)
		rand.Read(b)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, fmt.Errorf("making the subject salt: %w", err)
		}
		_, werr := f.Write(b)
		if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
			return nil, fmt.Errorf("making the subject salt: %w", err)
		}
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the subject salt: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the subject salt: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 || len(b) != saltBytes {
		return nil, fmt.Errorf("subject salt %s has mode %04o and %d bytes; expected 0600 and %d", path, info.Mode().Perm(), len(b), saltBytes)
	}
	return b, nil
}

// Run serves until ctx ends and everything has drained. ready is called with the
// addresses of the data and admin listeners. Reload, if not nil, asks for a
// reload of the configuration each time it receives.
func (n *Node) Run(ctx context.Context, ready func(data, admin net.Addr), reload <-chan os.Signal) error {
	if err := n.reconcile(ctx); err != nil {
		return err
	}
	envoy, err := n.serveExtProc(ctx) // before work that would have to be called off
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // building the classifier took twice what it keeps
	bg, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { _ = n.directory.Run(bg, 0) })
	work.Go(func() { n.moveActs(bg) })
	work.Go(func() { n.project(bg) })
	work.Go(func() { n.recordPolicies(bg) })
	work.Go(func() { n.threats.Run(bg) })
	work.Go(func() { n.counters.run(bg, n.log) })
	work.Go(func() { n.bundles.Run(bg) })
	work.Go(func() {
		for {
			select {
			case <-bg.Done():
				return
			case <-reload:
				if err := n.gateway.Reload(bg); err != nil {
					n.log.Error("reload failed", "cause", err)
				}
			}
		}
	})
	err = n.gateway.Run(ctx, ready)
	envoy()
	stop()
	work.Wait()
	return err
}

// flushTime is how long what waits for the OpenTelemetry collector may keep a node from
// ending.
const flushTime = 3 * time.Second

// version is that of the build, as far as it is known.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "devel"
}

// Close ends what Open opened. The audit log gets its last checkpoint, and the
// OpenTelemetry collector what waits for it, which is no error if it fails.
func (n *Node) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := n.telemetry.Close(ctx); err != nil {
		n.log.Warn("not all telemetry was sent", "cause", err)
	}
	err := n.counters.close()
	if n.ledger != nil {
		err = errors.Join(err, n.ledger.Close())
	}
	if n.store != nil {
		err = errors.Join(err, n.store.Close())
	}
	return err
}
