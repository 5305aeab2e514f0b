package gateway

import (
	"io"
	"net/http"
	"strings"

	"warder.example/docs"
	"warder.example/internal/config"
	"warder.example/internal/egress"
	"warder.example/internal/ledger"
)

// AdminHandler returns what the admin listener serves: health (the process
// runs), readiness (it can do its work), metrics, the description of every endpoint, a
// reload, and the administrative API, which alone knows callers. It shows no texts.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := s.unready(); why != "" {
			say(w, http.StatusServiceUnavailable, why)
			return
		}
		say(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(docs.OpenAPI())
	})
	if s.admin != nil {
		mux.Handle("/v1/", s.admin)
	}
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Reload(r.Context()); err != nil {
			s.log.Error("reload failed", "cause", err)
			say(w, http.StatusConflict, err.Error())
			return
		}
		say(w, http.StatusOK, "reloaded")
	})
	// A page in a browser must not be able to trigger a reload, nor a name
	// rebound to loopback to read metrics.
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.state.Load().cfg.AdminPublic && !localHost(r.Host) {
			say(w, http.StatusForbidden, "host is not local")
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// AdminTokens returns who may use the administrative API, by the configuration in
// use.
func (s *Server) AdminTokens() []config.AdminToken { return s.state.Load().cfg.AdminTokens }

// unready says why no requests should be sent here, "" when they may.
func (s *Server) unready() string {
	if s.draining.Load() {
		return "draining"
	}
	if err := s.directory.Ready(); err != nil {
		return "keys cannot be checked"
	}
	if l, ok := s.ledger.(interface{ Stats() ledger.Stats }); ok {
		switch st := l.Stats(); {
		case st.Failed != nil:
			return "the audit log cannot be written"
		case st.Low:
			return "the disk is full"
		}
	}
	return ""
}

func localHost(hostport string) bool {
	host := hostport
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return egress.LocalName(strings.Trim(host, "[]"))
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
