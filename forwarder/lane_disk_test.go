package forwarder

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/vfs/vfstest"
	"sluice/forwarder/buffer/wal"
	"sluice/forwarder/ledger"
)

// onDisk starts a forwarder with one lane, whose buffer is on the disk.
func onDisk(t *testing.T, disk *vfstest.Disk, s Sink, when buffer.Policy) *rig {
	t.Helper()
	log, found, _ := wal.Begin(wal.Options{FS: disk, Dir: "/data/buffer/es", Lane: "test"})
	pool := NewPool()
	buf := buffer.New(buffer.Config{FlushBytes: 1000, FlushInterval: time.Second}, buffer.NewBudget(100000).Share(), pool,
		&buffer.Store{When: when, Log: log, Found: found})
	quiet := slog.New(slog.DiscardHandler)
	l, err := NewLane(LaneConfig{Name: "es", Senders: 1}, s, buf, &deadLetters{}, pool, quiet, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{ledger: ledger.New(), ended: make(chan error, 1)}
	r.stream = r.ledger.Stream("test", 0, nil)
	r.begin(t, quiet, l, l)
	return r
}

// begin runs a forwarder of these lanes; all records go to one.
func (r *rig) begin(t *testing.T, log *slog.Logger, to *Lane, lanes ...*Lane) {
	t.Helper()
	var err error
	r.Forwarder, err = New(Config{
		Lanes: lanes, Grace: 10 * time.Second,
		Pipeline: Pipeline{Root: []Step{match("**", Output{Lane: to})}},
	}, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.ended <- r.Run(ctx) }()
}

// TestWhatTheStopLeavesIsDeliveredByTheNextLife: the sink is down until after a
// restart; the stop makes everything safe, the accounts hold in both lives.
func TestWhatTheStopLeavesIsDeliveredByTheNextLife(t *testing.T) {
	for _, when := range []buffer.Policy{buffer.Always, buffer.Needed} {
		synctest.Test(t, func(t *testing.T) {
			disk := vfstest.New()
			down := &scripted{}
			for range 1000 {
				down.script = append(down.script, func(*event.Chunk) (event.Verdict, error) { return event.Verdict{}, errors.New("refused") })
			}
			r := onDisk(t, disk, down, when)
			r.emit(t, "a", 10)
			r.emit(t, "b", 5)
			<-time.After(2 * time.Second)
			r.finish(t) // checks the accounts
			if r.stream.Safe() != 15 || len(down.stored) != 0 {
				t.Fatalf("safe up to %d, %d stored", r.stream.Safe(), len(down.stored))
			}
			up := &scripted{}
			r = onDisk(t, disk, up, when)
			lane := r.Lanes()[0]
			synctest.Wait() // what is on the disk is read in
			if a := lane.Account(); a.Read != 15 {
				t.Fatalf("%+v", a)
			}
			<-time.After(time.Minute)
			r.finish(t)
			if a := lane.Account(); a != (ledger.Account{Read: 15, Delivered: 15}) || len(up.stored) != 15 || len(disk.Files()) != 0 {
				t.Fatalf("%+v, %d stored, files %v", a, len(up.stored), disk.Files())
			}
		})
	}
}

var _ Buffer = (*buffer.Buffer)(nil)
