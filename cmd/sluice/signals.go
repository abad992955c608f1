package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// catchSignals subscribes to TERM and INT. HUP, which would end the process, is
// ignored; Go's runtime itself ignores USR1 and USR2 where nobody subscribed.
func catchSignals() (signals <-chan os.Signal, release func()) {
	c := make(chan os.Signal, 2) // the second one must not be lost
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP)
	return c, func() {
		signal.Stop(c)
		signal.Reset(syscall.SIGHUP)
	}
}

// untilSignal returns a context that ends with the first signal. The second
// one calls exit. stop must be called, and waits for what was begun here.
func untilSignal(parent context.Context, signals <-chan os.Signal, log *slog.Logger, exit func(status int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			log.Info("stopping", "signal", s.String())
			cancel()
		case <-quit:
			return
		}
		select {
		case s := <-signals:
			log.Warn("exiting at once", "signal", s.String())
			exit(exitFailed)
		case <-quit:
		}
	}()
	return ctx, func() {
		close(quit)
		<-done
		cancel()
	}
}

// onSignal calls f at each of the signals that comes, until stop, which waits
// for the last call.
func onSignal(sig os.Signal, f func()) (stop func()) {
	c, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(c, sig)
	go func() {
		defer close(done)
		for range c {
			f()
		}
	}()
	return func() {
		signal.Stop(c) // nothing is sent to c after it
		close(c)
		<-done
	}
}
