package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{DefaultConfig(), "level=WARN msg=b a=1\n"},
		{Config{Level: "error", Format: "text"}, ""},
		{Config{Level: "debug", Format: "json"}, `"level":"DEBUG","msg":"a"`},
	} {
		var b bytes.Buffer
		log, flush := New(c.cfg, &b)
		log.Debug("a")
		log.Warn("b", "a", 1)
		flush()
		if !strings.Contains(b.String(), c.want) || c.want == "" && b.Len() > 0 {
			t.Errorf("%+v: got %q", c.cfg, &b)
		}
		if c.cfg.Format == "json" {
			for line := range strings.Lines(b.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		}
	}
}

// step is a record at a second, and what must have been written by then.
type step struct {
	at   int
	msg  string
	want string
}

func TestLimit(t *testing.T) {
	var b bytes.Buffer
	h := Limit(bare(&b), 2, 10*time.Second)
	for i, s := range []step{
		{0, "a", "INFO a\n"},
		{1, "a", "INFO a\n"},
		{2, "a", ""},
		{3, "b", "INFO b\n"},
		{9, "a", ""},
		{10, "b", "INFO a suppressed=2\nINFO b\n"}, // a's interval is over
		{11, "a", "INFO a\n"},
		{12, "b", ""},
		{40, "c", "INFO b suppressed=1\nINFO c\n"},
	} {
		write(t, h, s.at, s.msg)
		if got := b.String(); got != s.want {
			t.Errorf("step %d: got %q, want %q", i, got, s.want)
		}
		b.Reset()
	}
	write(t, h, 41, "c")
	write(t, h, 42, "c")
	b.Reset()
	h.Flush()
	h.Flush()
	if got := b.String(); got != "INFO c suppressed=1\n" {
		t.Errorf("flushed %q", got)
	}
}

func TestLimitKeepsAttributesAndLevels(t *testing.T) {
	var b bytes.Buffer
	h := Limit(bare(&b), 1, time.Minute)
	log := slog.New(h).With("part", "x").WithGroup("g")
	log.Info("a", "k", 1)
	log.Info("a", "k", 2)
	log.Warn("a")
	h.Flush()
	want := "INFO a part=x g.k=1\nWARN a part=x\nINFO a part=x g.suppressed=1\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestLimitIsBounded(t *testing.T) {
	var b bytes.Buffer
	h := Limit(bare(&b), 1, time.Minute)
	for i := range 2 * maxMessages {
		write(t, h, 0, fmt.Sprint(i))
	}
	if n := len(h.state.seen); n != maxMessages {
		t.Errorf("%d messages kept", n)
	}
	if n := strings.Count(b.String(), "\n"); n != 2*maxMessages {
		t.Errorf("%d written", n)
	}
}

func TestLimitFromManyGoroutines(t *testing.T) {
	var b bytes.Buffer
	h := Limit(bare(&b), 3, time.Hour)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				slog.New(h).Info("a")
			}
		})
	}
	wg.Wait()
	h.Flush()
	if got := b.String(); got != "INFO a\nINFO a\nINFO a\nINFO a suppressed=797\n" {
		t.Errorf("got %q", got)
	}
}

func write(t *testing.T, h slog.Handler, second int, msg string) {
	t.Helper()
	now := time.Unix(int64(second), 0)
	if err := h.Handle(context.Background(), slog.NewRecord(now, slog.LevelInfo, msg, 0)); err != nil {
		t.Fatal(err)
	}
}

// bare writes level, message and attributes without time and names.
func bare(b *bytes.Buffer) slog.Handler {
	w := strip{b}
	return slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}

type strip struct{ b *bytes.Buffer }

func (s strip) Write(p []byte) (int, error) {
	line := strings.NewReplacer("level=", "", "msg=", "").Replace(string(p))
	s.b.WriteString(line)
	return len(p), nil
}
