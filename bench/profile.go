package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// profiler collects an agent's profiles while a load is under way.
type profiler struct{ stop func() }

// profile starts collecting; where no profiles are wanted it does nothing. How
// long a load will take is not known, so the CPU's profile is taken in pieces
// of a second, which pprof adds up.
func (r *runner) profile(ctx context.Context, s scenario, addr string) profiler {
	if addr == "" {
		return profiler{func() {}}
	}
	ctx, cancel := context.WithCancel(ctx)
	name := filepath.Join(r.profiles, fmt.Sprintf("%s-%d", s.name, r.runs))
	url := "http://" + addr + "/debug/pprof/"
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := os.MkdirAll(r.profiles, 0o755)
		for n := 1; err == nil && ctx.Err() == nil; n++ {
			err = download(ctx, url+"profile?seconds=1", fmt.Sprintf("%s-cpu-%02d.pprof", name, n))
		}
		if err == nil || ctx.Err() != nil {
			err = download(context.WithoutCancel(ctx), url+"allocs", name+"-allocs.pprof")
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "no profile: %v\n", err)
		}
	}()
	return profiler{sync.OnceFunc(func() { cancel(); <-done })}
}

// download writes what a URL answers into a file; one that it cannot get whole
// it does not leave behind.
func download(ctx context.Context, url, path string) error {
	resp, err := get(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
