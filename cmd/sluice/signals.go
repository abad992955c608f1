package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// catchSignals subscribes to TERM and INT, which stop the program, and to HUP
// and USR2, which make it read its configuration again.
func catchSignals() (stop, reload <-chan os.Signal, release func()) {
	s, r := make(chan os.Signal, 2), make(chan os.Signal, 1) // a second stop must not be lost; one reload does for many
	signal.Notify(s, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(r, syscall.SIGHUP, syscall.SIGUSR2)
	return s, r, func() {
		signal.Stop(s)
		signal.Stop(r)
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
