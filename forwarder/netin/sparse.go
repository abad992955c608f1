package netin

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Sparse lets one line through in a while, so that a peer which keeps on being
// wrong does not fill the log. The next line says how many were left out.
type Sparse struct {
	Log   *slog.Logger
	Every time.Duration
	next  atomic.Pointer[time.Time]
	quiet atomic.Int64
}

// Warn writes the line, or leaves it out.
func (s *Sparse) Warn(text string, attrs ...slog.Attr) {
	now, next := time.Now(), s.next.Load()
	if next != nil && now.Before(*next) || !s.pass(next, now.Add(s.Every)) {
		s.quiet.Add(1)
		return
	}
	if n := s.quiet.Swap(0); n > 0 {
		attrs = append(attrs, slog.Int64("lines_left_out", n))
	}
	s.Log.LogAttrs(context.Background(), slog.LevelWarn, text, attrs...)
}

// pass reports whether nobody else's line went through since old was read.
func (s *Sparse) pass(old *time.Time, next time.Time) bool { return s.next.CompareAndSwap(old, &next) }
