package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"sluice/agent"
)

// What the collector may leave lying about: so many percent of what is in use,
// and not much more than so many bytes.
const (
	garbagePercent = 50
	garbageBytes   = 8 << 20
)

// limitHeap keeps the heap close to what is in use, until stop: records are no
// garbage, so that the collector has little to do, and the less so while the
// buffers are full. It works harder before the cgroup's limit is reached. What
// the user says with GOGC and GOMEMLIMIT counts more.
func limitHeap() (stop func()) {
	if limit := agent.CgroupMemory(); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		followHeap(quit)
	}()
	return func() {
		close(quit)
		<-done
	}
}

func followHeap(quit <-chan struct{}) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for was := 0; ; {
		metrics.Read(live)
		if now := gcPercent(live[0].Value.Uint64()); now != was { // setting it stops the world
			debug.SetGCPercent(now)
			was = now
		}
		select {
		case <-quit:
			return
		case <-t.C:
		}
	}
}

// gcPercent is the collector's GOGC while so many bytes are in use.
func gcPercent(live uint64) int {
	const least = 15 // below it does little else
	return int(max(least, min(garbagePercent, garbageBytes*100/max(live, 1))))
}
