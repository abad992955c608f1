package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"sluice/forwarder/netin"
)

// emptyImage is a transparent pixel.
const emptyImage = "GIF89a\x01\x00\x01\x00\x80\xff\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// refusal is a request that is not taken.
type refusal struct {
	status int
	text   string
}

// Error implements error.
func (r refusal) Error() string { return r.text }

var (
	errFull     = refusal{http.StatusServiceUnavailable, "there is no room at present"}
	errStopping = refusal{http.StatusServiceUnavailable, "the server is stopping"}
	errUnsafe   = refusal{http.StatusServiceUnavailable, "the records are not safe yet: send them again"}
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.origin(w, r) {
		s.answer(w, http.StatusForbidden, "403 Forbidden\n")
		return
	}
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	err := s.take(w, r)
	var no refusal
	switch {
	case err == nil && s.cfg.EmptyImage:
		w.Header().Set("Content-Type", "image/gif")
		s.answer(w, http.StatusOK, emptyImage)
	case err == nil && s.cfg.NoContent:
		s.answer(w, http.StatusNoContent, "")
	case err == nil:
		s.answer(w, http.StatusOK, "")
	case errors.As(err, &no):
		if no.status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		} else {
			s.bad.Warn("a request is refused", slog.String("peer", r.RemoteAddr), slog.Int("status", no.status), slog.String("reason", no.text))
		}
		s.answer(w, no.status, fmt.Sprintf("%d %s\n%s\n", no.status, http.StatusText(no.status), no.text))
	default:
		s.log.Error("a request could not be handed on", "error", err)
		s.answer(w, http.StatusInternalServerError, "500 Internal Server Error\n")
	}
}

func (s *Server) answer(w http.ResponseWriter, status int, body string) {
	s.requests.WithLabelValues(strconv.Itoa(status)).Inc()
	if w.Header().Get("Content-Type") == "" && status != http.StatusNoContent {
		w.Header().Set("Content-Type", "text/plain")
	}
	w.WriteHeader(status)
	w.Write([]byte(body)) // a client that is gone needs no answer
}

// take takes a request's records and returns when they are safe.
func (s *Server) take(w http.ResponseWriter, r *http.Request) error {
	tag := strings.Join(strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' }), ".")
	switch {
	case tag == "":
		return refusal{http.StatusBadRequest, "the path names no tag: write /TAG"}
	case s.stopping.Load():
		return errStopping
	}
	if s.cfg.TagPrefix != "" {
		tag = s.cfg.TagPrefix + "." + tag
	}
	// The request's own context ends when the client is gone: what it has sent is taken all the same.
	ctx := context.WithoutCancel(r.Context())
	room, cancel := context.WithTimeout(r.Context(), s.cfg.RoomTimeout)
	defer cancel()
	if s.feed.Wait(room, tag) != nil {
		return errFull
	}
	in := s.pool.Get().(*intake)
	defer func() {
		in.share.Fit(0)
		if in.reset() {
			s.pool.Put(in)
		}
	}()
	in.share = netin.Share{Room: s.room}
	if err := in.read(s, w, r); err != nil {
		return err
	}
	if err := in.records(s, r); err != nil {
		return err
	}
	return s.emit(ctx, in, tag)
}

// emit hands the records on and waits until they are safe.
func (s *Server) emit(ctx context.Context, in *intake, tag string) error {
	limit, cancel := context.WithTimeout(ctx, s.cfg.SafeTimeout)
	defer cancel()
	safe := make(chan struct{})
	var pending atomic.Int32
	done := func() {
		if pending.Add(-1) == 0 {
			close(safe)
		}
	}
	pending.Store(1)
	all := in.b.Recs
	for at := 0; at < len(all); at += maxRecords {
		if at > 0 && s.feed.Wait(limit, tag) != nil {
			return errUnsafe
		}
		end := min(at+maxRecords, len(all))
		in.b.Tag, in.b.Recs = tag, all[at:end:end] // a filter may append
		pending.Add(1)
		if err := s.feed.Emit(ctx, &in.b, done); err != nil {
			return err
		}
	}
	in.b.Recs = all
	done()
	select {
	case <-safe:
		return nil
	case <-limit.Done():
		return errUnsafe
	}
}
