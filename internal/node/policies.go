package node

import (
	"context"
	"fmt"
	"maps"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// policyInterval is how often the node looks whether other policies are in
// force, as after a reload or a change of an application.
const policyInterval = time.Second

// recordPolicies keeps in the store which policy is in force where. The files
// are the policies; this is the record of them.
func (n *Node) recordPolicies(ctx context.Context) {
	t := time.NewTicker(policyInterval)
	defer t.Stop()
	var seen map[string]string
	generation := int64(-1)
	for {
		digests, g := n.gateway.Policies(), n.directory.State().Generation
		if g != generation || !maps.Equal(digests, seen) {
			if err := n.recordPoliciesOnce(ctx, digests); err == nil {
				seen, generation = digests, g
			} else if ctx.Err() == nil {
				n.log.Error("policies in force were not recorded", "cause", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (n *Node) recordPoliciesOnce(ctx context.Context, digests map[string]string) error {
	ctx = access.WithActor(ctx, "configuration")
	if err := n.store.ActivatePolicy(ctx, store.Activation{Digest: digests[""]}); err != nil {
		return err
	}
	apps, err := n.store.Applications(ctx)
	if err != nil {
		return err
	}
	for _, a := range apps {
		d, ok := digests[a.Policy]
		if a.Policy == "" || !ok {
			continue
		}
		if err := n.store.ActivatePolicy(ctx, store.Activation{Application: a.ID, Environment: a.Environment, Digest: d}); err != nil {
			return fmt.Errorf("application %q: %w", a.Name, err)
		}
	}
	return nil
}
