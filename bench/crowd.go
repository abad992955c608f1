package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"sluice/bench/load"
)

// runCrowd holds many connections open until its standard input ends.
func runCrowd(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("crowd", flag.ContinueOnError)
	c := load.CrowdConfig{}
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:24224", "host:port of the server")
	fs.IntVar(&c.Connections, "connections", 10_000, "connections")
	fs.BoolVar(&c.Slow, "slow", false, "begin frames and send a byte a second; else: one event with an ack, then silence")
	fs.IntVar(&c.Stream, "stream", 0, "number of the events' stream")
	manifest := fs.String("manifest", "", "file to write what was acknowledged into, for verify")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	ctx, cancel := untilInputEnds(ctx)
	defer cancel()
	var failed error
	err := load.Crowd(ctx, c, func(made int64) {
		sent := make([]int64, c.Stream+1)
		sent[c.Stream] = made
		failed = writeManifest(*manifest, sent)
		fmt.Fprintln(out, "open")
	})
	if err != nil {
		return err
	}
	return failed
}
