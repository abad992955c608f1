package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sluice/bench/proc"
)

// peak is what an agent's memory was used for when it had most of it, in bytes.
type peak struct {
	rss    int64
	heap   float64 // objects, those that are garbage as well
	budget float64 // of the buffers
}

// watchPeak looks at the agent five times a second until stop is called, which
// returns what it found. With a pprof address it keeps the heap's profile of
// that moment, in a file below dir with that name.
func (r *runner) watchPeak(ctx context.Context, s scenario, a *agent, pprof string) (stop func() peak) {
	if !s.peak && pprof == "" {
		return func() peak { return peak{} }
	}
	ctx, cancel := context.WithCancel(ctx)
	found := make(chan peak, 1)
	go func() {
		var p peak
		for ctx.Err() == nil {
			if now, err := proc.ReadRSS(a.cmd.Process.Pid); err == nil && now.Now > p.rss {
				grown := now.Now > p.rss+p.rss/50
				p = peak{rss: now.Now}
				p.heap, _ = a.metric(ctx, "go_memstats_heap_alloc_bytes")
				p.budget, _ = a.metric(ctx, `sluice_buffer_bytes{lane="elasticsearch",medium="memory"}`)
				if pprof != "" && grown {
					r.keepHeap(ctx, s, pprof)
				}
			}
			_ = sleep(ctx, 200*time.Millisecond)
		}
		found <- p
	}()
	return sync.OnceValue(func() peak { cancel(); return <-found })
}

func (r *runner) keepHeap(ctx context.Context, s scenario, pprof string) {
	err := os.MkdirAll(r.profiles, 0o755)
	if err == nil {
		err = download(ctx, "http://"+pprof+"/debug/pprof/heap", filepath.Join(r.profiles, s.name+"-heap.pprof"))
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "no profile: %v\n", err)
	}
}
