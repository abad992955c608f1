package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"sluice/bench/load"
	"sluice/bench/tally"
	"sluice/sink/elastictest"
)

// runStore serves a counting store, prints its URL, and ends with its standard
// input, so that it does not outlive who started it.
func runStore(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("store", flag.ContinueOnError)
	listen := fs.String("listen", "127.0.0.1:0", "address; port 0: any")
	trouble := fs.String("trouble", "", "how bulk requests fare at first: "+troubleNames())
	length := fs.Duration("for", 15*time.Second, "how long, from the first on")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	store := tally.NewServer()
	if *trouble != "" {
		fault, ok := troubles[*trouble]
		if !ok {
			return fmt.Errorf("-trouble %s is none of %s", *trouble, troubleNames())
		}
		store.SetFaults(elastictest.For(*length, fault))
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("cannot start the store: %w", err)
	}
	ctx, cancel := untilInputEnds(ctx)
	defer cancel()
	fmt.Fprintf(out, "http://%s\n", l.Addr())
	return serve(ctx, l, store)
}

// untilInputEnds is a context that ends with standard input. Its goroutine
// lives as long as the process: a read of standard input cannot be ended.
func untilInputEnds(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx, cancel
}

// serve serves a counting store until ctx ends.
func serve(ctx context.Context, l net.Listener, store *tally.Server) error {
	server := &http.Server{Handler: store}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	<-ctx.Done()
	store.Close()
	server.Close()
	if err := <-done; err != http.ErrServerClosed {
		return err
	}
	return nil
}

func runFiles(ctx context.Context, args []string, _ io.Writer) error {
	fs := flag.NewFlagSet("files", flag.ContinueOnError)
	c := load.FilesConfig{}
	dir := fs.String("dir", "", "directory that gets pods/ and containers/, as /var/log")
	fs.IntVar(&c.Files, "files", 10, "files, each a stream")
	fs.Int64Var(&c.Lines, "lines", 1_000_000, "lines in all files together")
	fs.IntVar(&c.Size, "size", messageSize, "bytes of a message, about")
	fs.IntVar(&c.Rate, "rate", 0, "lines a second in all files together; 0: as fast as possible")
	fs.IntVar(&c.Stream, "stream", 0, "number of the first stream")
	fs.Uint64Var(&c.Seed, "seed", filesSeed, "equal seeds make equal names and texts")
	manifest := fs.String("manifest", "", "file to write what was made into, for verify")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("files needs -dir")
	}
	c.Dir = filepath.Join(*dir, "pods")
	p := newProgress(os.Stderr, "files", c.Lines)
	defer p.end()
	f, err := load.NewFiles(c, p.set)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Link(filepath.Join(*dir, "containers")); err != nil {
		return err
	}
	if err := f.Write(ctx); err != nil {
		return err
	}
	return writeManifest(*manifest, f.Made())
}

func runForward(ctx context.Context, args []string, _ io.Writer) error {
	fs := flag.NewFlagSet("forward", flag.ContinueOnError)
	c := load.ForwardConfig{}
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:24224", "host:port of the server")
	fs.StringVar(&c.Mode, "mode", load.Packed, "message, forward, packed or compressed")
	fs.BoolVar(&c.Ack, "ack", true, "ask for acks; send again what was not acknowledged")
	fs.IntVar(&c.Connections, "connections", 4, "connections, each a stream")
	fs.Int64Var(&c.Records, "records", 1_000_000, "events in all connections together")
	fs.IntVar(&c.Chunk, "chunk", 1000, "events a frame")
	fs.IntVar(&c.Window, "window", 10_000, "events of a connection that may wait for an ack")
	fs.IntVar(&c.Rate, "rate", 0, "events a second in all connections together; 0: as fast as it goes")
	fs.IntVar(&c.Size, "size", eventSize, "bytes of a message, about")
	fs.IntVar(&c.Stream, "stream", 0, "number of the first stream")
	fs.Uint64Var(&c.Seed, "seed", 1, "equal seeds make equal texts")
	fs.StringVar(&c.Tag, "tag", "bench.app", "tag of the events")
	manifest := fs.String("manifest", "", "file to write what was acknowledged into, for verify")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	p := newProgress(os.Stderr, "forward", c.Records)
	defer p.end()
	made, err := load.SendForward(ctx, c, p.set)
	if err != nil {
		return err
	}
	return writeManifest(*manifest, made)
}

func writeManifest(path string, made []int64) error {
	if path == "" {
		return nil
	}
	b, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// readManifests adds up what several generators made.
func readManifests(paths []string) (made []int64, err error) {
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var one []int64
		if err := json.Unmarshal(b, &one); err != nil {
			return nil, fmt.Errorf("cannot read manifest %s: %w", path, err)
		}
		for len(made) < len(one) {
			made = append(made, 0)
		}
		for i, n := range one {
			made[i] += n
		}
	}
	return made, nil
}

// runVerify prints "lost N doubled M" and fails when one is not 0.
func runVerify(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	url := fs.String("store", "", "URL that bench store printed")
	wait := fs.Duration("wait", 0, "how long to wait for records that are still on their way")
	if err := parse(fs, args, true); err != nil {
		return err
	}
	if *url == "" || fs.NArg() == 0 {
		return fmt.Errorf("verify needs -store and the generators' manifests")
	}
	made, err := readManifests(fs.Args())
	if err != nil {
		return err
	}
	client := tally.Client{URL: *url}
	answer, err := client.Verify(ctx, made)
	for end := time.Now().Add(*wait); err == nil && answer.Verdict.Lost > 0 && time.Now().Before(end); {
		if err = sleep(ctx, time.Second/2); err == nil {
			answer, err = client.Verify(ctx, made)
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, answer.Verdict)
	for _, d := range answer.Verdict.Details {
		fmt.Fprintln(os.Stderr, d)
	}
	if !answer.Verdict.Whole() {
		return errFound
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
