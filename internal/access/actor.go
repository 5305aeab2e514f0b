package access

import "context"

type actorKey struct{}

// WithActor returns a context that says on whose behalf administrative acts
// under it are done, such as "cli:alice". It is noted with the act.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Actor returns the name given to [WithActor], or "unknown".
func Actor(ctx context.Context) string {
	if s, ok := ctx.Value(actorKey{}).(string); ok && s != "" {
		return s
	}
	return "unknown"
}
