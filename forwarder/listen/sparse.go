package listen

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// sparse lets one line through in a while, so that a peer which keeps on being
// wrong does not fill the log. The next line says how many were left out.
type sparse struct {
	log   *slog.Logger
	every time.Duration
	next  atomic.Int64 // Unix nanoseconds
	quiet atomic.Int64
}

func (s *sparse) warn(text string, attrs ...slog.Attr) {
	now := time.Now().UnixNano()
	next := s.next.Load()
	if now < next || !s.next.CompareAndSwap(next, now+int64(s.every)) {
		s.quiet.Add(1)
		return
	}
	if n := s.quiet.Swap(0); n > 0 {
		attrs = append(attrs, slog.Int64("lines_left_out", n))
	}
	s.log.LogAttrs(context.Background(), slog.LevelWarn, text, attrs...)
}
