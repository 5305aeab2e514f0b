package gateway

import (
	"cmp"
	"errors"

	"warder.example/internal/admission"
	"warder.example/internal/config"
)

// enter waits for a place among the requests that run at once.
func (x *exchange) enter() (leave func(), f *failure) {
	app := &x.grant.Application
	class, err := admission.ParseClass(cmp.Or(x.state.cfg.Applications[app.Name].Class, admission.Interactive.String()))
	if err != nil {
		return nil, failInternal.because(err)
	}
	leave, err = x.server.gate.Enter(x.r.Context(), class, app.ID)
	if err == nil {
		return leave, nil
	}
	f = failOverload.because(err)
	if shed, ok := errors.AsType[*admission.ShedError](err); ok {
		f.Retry = shed.Retry
	}
	return nil, f
}

// gateLimits returns the limits of the gate of a configuration.
func gateLimits(l config.Limits) admission.Limits {
	return admission.Limits{Running: l.Concurrent, Waiting: l.Waiting, Patience: l.Patience}
}
