package buffer

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// big makes a block as a read of 64 KiB of a container file makes it: some 300
// records with their metadata.
func big() *event.Block {
	b := &event.Block{Key: "logs-kubernetes.container_logs-default", Tag: "kubernetes.var.log.containers.web-0_shop_app-0123.log"}
	doc := make([]byte, 1000)
	for i := range doc {
		doc[i] = byte('a' + i%26)
	}
	for i := range 300 {
		b.Body = append(b.Body, doc...)
		b.Close(event.MakeID(0, event.SourceKey{Hi: 1}, uint64(i)), 1)
	}
	return b
}

// TestARecordCostsNoAllocation: what a block costs does not depend on how many
// records are in it.
func TestARecordCostsNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, records := range []int{1, 300} {
		m := New(Config{FlushBytes: 1, FlushInterval: time.Hour}, NewBudget(64<<20).Share(), nil, nil)
		b := big()
		b.Ends, b.IDs, b.Weights = b.Ends[:records], b.IDs[:records], b.Weights[:records]
		b.Body = b.Body[:1000*records]
		whole := *b
		got := testing.AllocsPerRun(100, func() {
			*b = whole
			if err := m.Append(b); err != nil {
				t.Fatal(err)
			}
			c, err := m.Lease(context.Background(), 5<<20)
			if err != nil {
				t.Fatal(err)
			}
			m.Settle(c, nil)
		})
		if got > 16 {
			t.Errorf("%v allocations for a block of %d records", got, records)
		}
	}
}

// BenchmarkDisk appends to a buffer of type disk until all is fsynced, on the
// file system of the temporary directory, and then reads it back.
func BenchmarkDisk(b *testing.B) {
	l, _, _ := wal.Open(wal.Options{FS: vfs.OS{}, Dir: b.TempDir(), Lane: "bench", Limit: 64 << 30})
	m := New(Config{FlushBytes: 1 << 20, FlushInterval: time.Hour}, NewBudget(64<<20).Share(), nil, &Store{When: Always, Log: l})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { m.Run(ctx); close(done) }()
	var safe settled
	x := big()
	b.SetBytes(int64(len(x.Body)))
	b.ReportAllocs()
	for b.Loop() {
		y := *x
		y.Ack = event.NewAck(&safe)
		for wait := m.Admit(""); wait != nil; wait = m.Admit("") {
			<-wait
		}
		if err := m.Append(&y); err != nil {
			b.Fatal(err)
		}
	}
	m.Close()
	for {
		c, err := m.Lease(ctx, 5<<20)
		if err == io.EOF {
			break
		}
		m.Settle(c, nil)
	}
	stop()
	<-done
}

// told is a receipt that somebody waits for.
type told chan struct{}

func (c told) Settled(event.Drops) { c <- struct{}{} }

// BenchmarkAck is the time from a single message to its receipt, of one client
// and of 100 at once, beside a bare write and fsync on the same disk.
func BenchmarkAck(b *testing.B) {
	b.Run("fsync", func(b *testing.B) {
		f, err := vfs.OS{}.Create(filepath.Join(b.TempDir(), "x"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		p, off := make([]byte, 300), int64(0)
		for b.Loop() {
			_, err := f.WriteAt(p, off)
			if err = errors.Join(err, f.Sync()); err != nil {
				b.Fatal(err)
			}
			off += int64(len(p))
		}
	})
	for name, clients := range map[string]int{"one": 1, "hundred": 100} {
		b.Run(name, func(b *testing.B) {
			l, _, _ := wal.Open(wal.Options{FS: vfs.OS{}, Dir: b.TempDir(), Lane: "bench"})
			m := New(Config{FlushBytes: 1 << 30, FlushInterval: time.Hour}, NewBudget(1<<30).Share(), nil, &Store{When: Needed, Log: l})
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { m.Run(ctx); close(done) }()
			b.SetParallelism((clients + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				answer := make(told, 1)
				for pb.Next() {
					x := &event.Block{Key: "a", Urgent: true, Ack: event.NewAck(answer), Body: make([]byte, 200)}
					x.Close(event.ID{}, 1)
					if err := m.Append(x); err != nil {
						b.Error(err)
						return
					}
					<-answer
				}
			})
			stop()
			<-done
		})
	}
}
