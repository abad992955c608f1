package load

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"sluice/bench/mark"
)

// The modes of a Forward client.
const (
	Message    = "message"    // one event a frame
	Forward    = "forward"    // an array of entries
	Packed     = "packed"     // entries as one binary
	Compressed = "compressed" // the same, gzipped
)

// Modes are all of them.
var Modes = []string{Message, Forward, Packed, Compressed}

// ForwardConfig says what a Forward client sends.
type ForwardConfig struct {
	Addr        string // host:port
	Mode        string // one of Modes
	Ack         bool   // ask for acks, and send again what was not acknowledged
	Connections int    // each is a stream
	Records     int64  // in all connections together
	Chunk       int    // events a frame; Message has 1
	Window      int    // events of a connection that may wait for an ack
	Rate        int    // events a second in all connections together; 0: as fast as it goes
	Size        int    // bytes of a message, about
	Stream      int    // number of the first stream
	Seed        uint64
	Tag         string
	Patient     bool            // with Ack: also wait for the server to be there at all
	Stop        <-chan struct{} // with a Rate: closed, no more is made, and what was is waited for
}

func (c *ForwardConfig) check() error {
	switch {
	case !slices.Contains(Modes, c.Mode):
		return fmt.Errorf("mode %q is none of %q", c.Mode, Modes)
	case c.Connections < 1 || c.Stream+c.Connections > mark.MaxStreams:
		return fmt.Errorf("%d connections: want 1 to %d", c.Connections, mark.MaxStreams-c.Stream)
	case c.Chunk < 1:
		return fmt.Errorf("chunk of %d events: want 1 or more", c.Chunk)
	}
	return nil
}

// SendForward sends what cfg says and returns when all is acknowledged, or
// without Ack, all is written, or when ctx ends. made is how many records of
// each stream, by its number, the server answered for (Ack) or took from the
// connection. progress, if not nil, is told their sum now and then.
func SendForward(ctx context.Context, cfg ForwardConfig, progress func(records int64)) (made []int64, err error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.Mode == Message {
		cfg.Chunk = 1
	}
	if progress == nil {
		progress = func(int64) {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made = make([]int64, cfg.Stream+cfg.Connections)
	var sum atomic.Int64
	var wg sync.WaitGroup
	for i := range cfg.Connections {
		c := newClient(&cfg, i, func(n int64) { progress(sum.Add(n)) })
		total := cfg.Records / int64(cfg.Connections)
		if int64(i) < cfg.Records%int64(cfg.Connections) {
			total++
		}
		wg.Go(func() {
			if err := c.run(ctx, total); err != nil {
				cancel(err)
			}
			made[cfg.Stream+i] = c.made
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return made, context.Cause(ctx)
	}
	return made, nil
}
