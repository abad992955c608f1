package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sluice/logging"
)

// TestLives goes through new settings with an error, good ones, and some that
// are good on paper and cannot be run.
func TestLives(t *testing.T) {
	named := func(key string) *knobs { return &knobs{Key: key, Log: logging.DefaultConfig()} }
	loads := []any{errors.New("an error in it"), named("two"), named("taken")}
	reload := make(chan os.Signal)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ran []string
	p := under(t)
	p.run = func(life context.Context, settings any, _ *slog.Logger) error {
		key := settings.(*knobs).Key
		ran = append(ran, key)
		switch {
		case key == "taken":
			return notStarted{errors.New("the address is in use")}
		case key == "one":
			reload <- syscall.SIGHUP
			if life.Err() != nil {
				t.Error("settings with an error ended the life")
			}
			reload <- syscall.SIGHUP
		case len(ran) == 2:
			reload <- syscall.SIGUSR2
		default:
			cancel()
		}
		<-life.Done()
		return nil
	}
	var errOut bytes.Buffer
	l := lives{p: p, reload: reload, errOut: &errOut, load: func() (any, error) {
		next := loads[0]
		loads = loads[1:]
		if err, ok := next.(error); ok {
			return nil, err
		}
		return next, nil
	}}
	if err := l.run(ctx, named("one")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(ran, " "); got != "one two taken two" {
		t.Errorf("lives %q", got)
	}
	for _, part := range []string{"nothing is changed", "going back to the one before: the address is in use"} {
		if !strings.Contains(errOut.String(), part) {
			t.Errorf("nothing says %q:\n%s", part, errOut.String())
		}
	}
}

func TestTheFirstLifeThatCannotBeginIsTheLast(t *testing.T) {
	p, broken := under(t), errors.New("broken")
	p.run = func(context.Context, any, *slog.Logger) error { return notStarted{broken} }
	l := lives{p: p, errOut: &bytes.Buffer{}}
	if err := l.run(t.Context(), &knobs{Log: logging.DefaultConfig()}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
}

// A real HUP makes run read its file again.
func TestReloadBySignal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key: one\n")
	var ran []string
	p := under(t)
	p.run = func(ctx context.Context, settings any, _ *slog.Logger) error {
		ran = append(ran, settings.(*knobs).Key)
		sig := syscall.SIGTERM
		if len(ran) == 1 {
			write("key: two\n")
			sig = syscall.SIGHUP
		}
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	var errOut bytes.Buffer
	if status := execute(p, []string{"run", "--config", file}, &bytes.Buffer{}, &errOut); status != 0 || strings.Join(ran, " ") != "one two" {
		t.Errorf("status %d, lives %q\n%s", status, ran, errOut.String())
	}
}
