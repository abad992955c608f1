package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"

	"sluice/secret"
)

// API serves each of views as JSON at /api/v1/ and its name, made anew for
// each request.
func API(c Config, views map[string]func() any, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	for name, view := range views {
		mux.HandleFunc("GET /api/v1/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			out := json.NewEncoder(w)
			out.SetIndent("", "  ")
			out.Encode(view()) // an error is the client's, which went away
		})
	}
	if c.PProf {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	if c.Token == "" {
		return local(mux)
	}
	return guard(c.Value("token", c.Token), mux, log)
}

// local serves only requests to a loopback name: else a page that somebody on
// this machine looks at could make its browser ask, by a name of its own that
// leads here.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			http.Error(w, "ask for 127.0.0.1 or localhost, or set admin.token", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guard lets requests with the token through.
func guard(token *secret.Value, next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := sha256.Sum256([]byte(token.Get(log)))
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(given)) // so that the comparison takes the same time, whatever the length
		if !ok || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="sluice"`)
			http.Error(w, "send the admin.token: Authorization: Bearer TOKEN", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
