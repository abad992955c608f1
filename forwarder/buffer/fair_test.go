package buffer

import (
	"testing"
	"testing/synctest"

	"sluice/event"
	"sluice/forwarder/buffer/vfs/vfstest"
)

// TestANoisyOwnerUsesTheDisk: with the sink down a noisy owner goes on as long
// as the disk has room.
func TestANoisyOwnerUsesTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, vfstest.New(), rigOptions{when: Always, memory: 100_000, limit: 10 << 20})
		add := func(tag string) {
			b := &event.Block{Key: tag, Tag: tag, Ack: event.NewAck(&r.acks), Body: make([]byte, 1000)}
			b.Close(event.ID{}, 1)
			if err := r.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		for range 300 {
			for {
				wait := r.Admit("noisy")
				if wait == nil {
					break
				}
				<-wait
			}
			add("noisy")
			if r.Admit("quiet") == nil && r.Stats().Records%10 == 0 {
				add("quiet")
			}
		}
		if s := r.Stats(); s.Records < 300 || s.DiskRecords < 200 {
			t.Fatalf("%+v", s)
		}
		r.drain()
		r.empty()
		r.finish()
	})
}
