package logging

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// maxMessages bounds how many different messages are counted at a time.
// Messages are constants of the code, so that more of them is somebody's
// mistake, which must not cost memory.
const maxMessages = 1000

// Limiter is a slog.Handler that hands on the first few records of one level
// and message in an interval and counts the others. When the interval is over
// it tells their number: a record of the same level and message with the
// attribute suppressed.
//
// Its clock is the records' own time.
type Limiter struct {
	next  slog.Handler
	state *limits
}

type limits struct {
	burst    int
	interval time.Duration

	mu    sync.Mutex
	seen  map[message]*count
	sweep time.Time // when the next interval of any message is over
}

type message struct {
	level slog.Level
	text  string
}

type count struct {
	until            time.Time
	passed, withheld int
	next             slog.Handler // of the last record withheld: it knows its attributes
}

// Limit makes a Limiter in front of next.
func Limit(next slog.Handler, burst int, interval time.Duration) *Limiter {
	return &Limiter{next: next, state: &limits{burst: burst, interval: interval, seen: map[message]*count{}}}
}

// Enabled implements slog.Handler.
func (l *Limiter) Enabled(ctx context.Context, level slog.Level) bool {
	return l.next.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler; the counts stay common.
func (l *Limiter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Limiter{next: l.next.WithAttrs(attrs), state: l.state}
}

// WithGroup implements slog.Handler; the counts stay common.
func (l *Limiter) WithGroup(name string) slog.Handler {
	return &Limiter{next: l.next.WithGroup(name), state: l.state}
}

// Handle implements slog.Handler.
func (l *Limiter) Handle(ctx context.Context, r slog.Record) error {
	s := l.state
	s.mu.Lock()
	over := s.over(r.Time, false)
	pass := s.pass(message{r.Level, r.Message}, r.Time, l.next)
	s.mu.Unlock()
	tell(ctx, over)
	if !pass {
		return nil
	}
	return l.next.Handle(ctx, r)
}

// Flush tells the numbers of what is withheld at this moment.
func (l *Limiter) Flush() {
	l.state.mu.Lock()
	over := l.state.over(time.Now(), true)
	l.state.mu.Unlock()
	tell(context.Background(), over)
}

// pass counts a record and reports whether it is to be written.
func (s *limits) pass(m message, now time.Time, next slog.Handler) bool {
	c := s.seen[m]
	if c == nil {
		if len(s.seen) >= maxMessages {
			return true
		}
		c = &count{until: now.Add(s.interval)}
		s.seen[m] = c
		if s.sweep.IsZero() || c.until.Before(s.sweep) {
			s.sweep = c.until
		}
	}
	if c.passed < s.burst {
		c.passed++
		return true
	}
	c.withheld++
	c.next = next
	return false
}

// summary is what is to be told about one message.
type summary struct {
	next slog.Handler
	r    slog.Record
}

// over forgets the intervals that have ended, or all, and returns what is to
// be told about them.
func (s *limits) over(now time.Time, all bool) (list []summary) {
	if !all && now.Before(s.sweep) {
		return nil
	}
	s.sweep = time.Time{}
	for m, c := range s.seen {
		if !all && now.Before(c.until) {
			if s.sweep.IsZero() || c.until.Before(s.sweep) {
				s.sweep = c.until
			}
			continue
		}
		delete(s.seen, m)
		if c.withheld > 0 {
			r := slog.NewRecord(now, m.level, m.text, 0)
			r.AddAttrs(slog.Int("suppressed", c.withheld))
			list = append(list, summary{c.next, r})
		}
	}
	return list
}

// tell writes summaries. There is nobody to tell that writing failed.
func tell(ctx context.Context, list []summary) {
	for _, s := range list {
		_ = s.next.Handle(ctx, s.r)
	}
}
