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
	loops map[string]*atomic.Int64 // Unix nanoseconds of the last beat
}

// NewHealth is healthy, and not ready until SetReady.
func NewHealth() *Health { return &Health{loops: map[string]*atomic.Int64{}} }

// Loop announces a loop, which must call beat more often than Deadline for as
// long as the process lives.
func (h *Health) Loop(name string) (beat func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := new(atomic.Int64)
	last.Store(time.Now().UnixNano())
	h.loops[name] = last
	return func() { last.Store(time.Now().UnixNano()) }
}

// SetReady says whether input is accepted.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Healthy names a loop that missed its deadline.
func (h *Health) Healthy() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, last := range h.loops {
		if silent := time.Since(time.Unix(0, last.Load())); silent > Deadline {
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
