package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// progress shows on a terminal how far something is, in one line that it
// rewrites. Where nobody watches it writes nothing.
type progress struct {
	mu    sync.Mutex
	to    *os.File // nil: nobody watches
	title string
	total int64
	start time.Time
	shown time.Time
}

func newProgress(to *os.File, title string, total int64) *progress {
	p := &progress{title: title, total: total, start: time.Now()}
	if info, err := to.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		p.to = to
	}
	return p
}

// set says how many records are done. It may be called by several goroutines.
func (p *progress) set(n int64) {
	if p.to == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.shown) < time.Second/4 {
		return
	}
	p.shown = now
	rate := float64(n) / max(now.Sub(p.start).Seconds(), 1e-3)
	fmt.Fprintf(p.to, "\r\x1b[K%s: %3d %%  %s records/s", p.title, 100*n/max(p.total, 1), thousands(int64(rate)))
}

// end takes the line away.
func (p *progress) end() {
	if p.to != nil {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
