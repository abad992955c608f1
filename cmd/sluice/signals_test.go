package main

import (
	"context"
	"log/slog"
	"os"
	"syscall"
	"testing"
)

func TestFirstSignalStops(t *testing.T) {
	signals := make(chan os.Signal, 2)
	ctx, stop := untilSignal(context.Background(), signals, slog.New(slog.DiscardHandler), func(int) { t.Error("exited") })
	if ctx.Err() != nil {
		t.Error("stopped without a signal")
	}
	signals <- syscall.SIGTERM
	<-ctx.Done()
	stop()
}

func TestSecondSignalExits(t *testing.T) {
	signals, exited := make(chan os.Signal, 2), make(chan int, 1)
	ctx, stop := untilSignal(context.Background(), signals, slog.New(slog.DiscardHandler), func(status int) { exited <- status })
	defer stop()
	signals <- syscall.SIGINT
	signals <- syscall.SIGTERM
	if status := <-exited; status != 1 {
		t.Errorf("status %d", status)
	}
	if ctx.Err() == nil {
		t.Error("the context goes on")
	}
}

func TestNoSignal(t *testing.T) {
	ctx, stop := untilSignal(context.Background(), make(chan os.Signal), slog.New(slog.DiscardHandler), func(int) { t.Error("exited") })
	stop()
	if ctx.Err() == nil {
		t.Error("the context goes on")
	}
}

// A real TERM ends run in order; a USR1 before it does nothing to who did not ask.
func TestRunUntilTerm(t *testing.T) {
	p := under(t)
	p.run = func(ctx context.Context, _ any, _ *slog.Logger) error {
		for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGTERM} {
			if err := syscall.Kill(os.Getpid(), s); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return nil
	}
	if status, _, errOut := in(t, p, nil, "run"); status != 0 {
		t.Errorf("status %d: %s", status, errOut)
	}
}

func TestOnSignal(t *testing.T) {
	came := make(chan struct{})
	stop := onSignal(syscall.SIGUSR1, func() { came <- struct{}{} })
	for range 2 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		<-came
	}
	stop()
}
