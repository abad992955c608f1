package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"sluice/logging"
)

// notStarted is the error of a program that could not even begin to run.
type notStarted struct{ err error }

func (e notStarted) Error() string { return e.err.Error() }

func (e notStarted) Unwrap() error { return e.err }

// lives runs the program, and anew with new settings whenever a signal asks for
// that.
type lives struct {
	p      program
	reload <-chan os.Signal
	load   func() (settings any, err error) // reads them again, and reports what is wrong
	errOut io.Writer
}

// run returns when ctx ends, or when the program could not go on. Settings with
// an error change nothing; those that are good on paper and cannot be run (an
// address is taken, say) give way to the ones before.
func (l *lives) run(ctx context.Context, settings any) error {
	var before any
	for {
		next, err := l.live(ctx, settings)
		switch {
		case before != nil && errors.As(err, new(notStarted)):
			fmt.Fprintf(l.errOut, "sluice: cannot run with the new configuration, going back to the one before: %v\n", err)
			settings, before = before, nil
		case err != nil || next == nil:
			return err
		default:
			settings, before = next, settings
		}
	}
}

// live is one life. It returns the settings of the next one; nil: there is none.
func (l *lives) live(ctx context.Context, settings any) (next any, err error) {
	log, flush := logging.New(l.p.logging(settings), l.errOut)
	defer flush()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- l.p.run(ctx, settings, log) }()
	for {
		select {
		case err := <-ended:
			return nil, err
		case s := <-l.reload:
			next, err := l.again(s, log)
			if err != nil || ctx.Err() != nil {
				continue
			}
			stop()
			return next, <-ended
		}
	}
}

func (l *lives) again(s os.Signal, log *slog.Logger) (settings any, err error) {
	settings, err = l.load()
	if err != nil {
		log.Error("the new configuration has an error: nothing is changed", "signal", s.String())
		return nil, err
	}
	log.Info("reloading", "signal", s.String())
	return settings, nil
}

// lines lets several loggers write to one place, a line each at a time.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}
