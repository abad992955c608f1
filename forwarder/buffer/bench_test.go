package buffer

import (
	"context"
	"io"
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
