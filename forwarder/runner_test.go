package forwarder

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// running is a sink with work of its own.
type running struct {
	scripted
	began, ended chan struct{}
}

func (r *running) Run(ctx context.Context) {
	close(r.began)
	<-ctx.Done()
	time.Sleep(time.Second) // the lane waits for it
	close(r.ended)
}

// A sink's own work runs as long as its lane: from before the first chunk to
// after the last.
func TestARunnerRunsWithItsLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &running{began: make(chan struct{}), ended: make(chan struct{})}
		r := start(t, one(s))
		<-s.began
		r.emit(t, "a", 3)
		synctest.Wait()
		select {
		case <-s.ended:
			t.Error("it ended before the stop")
		default:
		}
		r.finish(t)
		select {
		case <-s.ended:
		default:
			t.Error("the lane did not wait for it")
		}
		if got := s.got(); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Errorf("stored %v", got)
		}
	})
}
