package admin

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Deadline is how long a loop may be silent before /healthz fails.
const Deadline = 60 * time.Second

// Health collects the beats of the program's loops.
type Health struct {
	ready atomic.Bool
	mu    sync.Mutex
	begun time.Time
	loops map[string]*atomic.Int64 // of the last beat: nanoseconds since begun, by the monotonic clock
}

// NewHealth is healthy, and not ready until SetReady.
func NewHealth() *Health { return &Health{begun: time.Now(), loops: map[string]*atomic.Int64{}} }

// Loop announces a loop, which must call beat more often than Deadline for as
// long as the process lives.
func (h *Health) Loop(name string) (beat func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := new(atomic.Int64)
	h.loops[name] = last
	beat = func() { last.Store(int64(time.Since(h.begun))) }
	beat()
	return beat
}

// SetReady says whether input is accepted.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Healthy names a loop that missed its deadline.
func (h *Health) Healthy() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, last := range h.loops {
		if silent := time.Since(h.begun) - time.Duration(last.Load()); silent > Deadline {
			return fmt.Errorf("loop %s has not come round for %v", name, silent.Round(time.Second))
		}
	}
	return nil
}

// Ready tells why input is not accepted.
func (h *Health) Ready() error {
	if !h.ready.Load() {
		return errors.New("starting or stopping")
	}
	return h.Healthy()
}
