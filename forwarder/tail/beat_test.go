package tail

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder/ledger"
)

// A reader without a file must come round all the same: the health check
// restarts an agent whose loops are silent.
func TestAReaderWithNothingToDoBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var beats atomic.Int32
		cfg := DefaultConfig()
		cfg.Loop = func(string) func() { return func() { beats.Add(1) } }
		tail, err := New(cfg, ledger.New(), newStore(), nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- newReader(tail, &fakeOut{}, "idle").run(ctx) }()
		<-time.After(10 * time.Minute)
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if n := beats.Load(); n < 20 {
			t.Fatalf("%d beats in ten minutes", n)
		}
	})
}
