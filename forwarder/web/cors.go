package web

import (
	"net/http"
	"slices"
	"strings"
)

// origin reports whether a page of the request's origin may send, and says so
// in the answer. A request that comes from no page always may.
func (s *Server) origin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || len(s.cfg.Origins) == 0 {
		return true
	}
	if !slices.ContainsFunc(s.cfg.Origins, func(allowed string) bool { return originMatches(allowed, origin) }) {
		return false
	}
	allowed := origin
	if slices.Contains(s.cfg.Origins, "*") {
		allowed = "*"
	}
	w.Header().Set("Access-Control-Allow-Origin", allowed)
	w.Header().Add("Vary", "Origin")
	if s.cfg.Credentials {
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	return true
}

// originMatches reports whether an origin is the one allowed, which may be *,
// or hold one for a part of the host: https://*.example.com.
func originMatches(allowed, origin string) bool {
	before, after, star := strings.Cut(allowed, "*")
	if !star {
		return allowed == origin
	}
	return len(origin) >= len(before)+len(after) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after)
}

// preflight answers a browser that asks before it sends.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	if len(s.cfg.Origins) == 0 || r.Header.Get("Origin") == "" {
		s.answer(w, http.StatusForbidden, "403 Forbidden\n")
		return
	}
	w.Header().Set("Access-Control-Allow-Methods", "POST")
	if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
		w.Header().Set("Access-Control-Allow-Headers", headers)
	}
	s.answer(w, http.StatusOK, "")
}
