package secret

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAValueFollowsItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text, failure, reads := "one", error(nil), 0
		var f Files
		f.Again("key", func() (string, error) { reads++; return text, failure })
		v, fixed := f.Value("key", "one"), f.Value("other", "fixed")
		var log bytes.Buffer
		get := func(want string, told bool) {
			t.Helper()
			log.Reset()
			got := v.Get(slog.New(slog.NewTextHandler(&log, nil)))
			if got != want || strings.Contains(log.String(), "setting=key") != told {
				t.Fatalf("%q, log %q; want %q", got, &log, want)
			}
		}
		get("one", false)
		text = "two"
		get("one", false) // it has just been read
		if reads != 0 {
			t.Fatalf("%d reads", reads)
		}
		time.Sleep(every)
		get("two", false)
		text = ""
		time.Sleep(every)
		get("two", true)
		time.Sleep(every)
		get("two", false) // told once
		failure = errors.New("gone")
		time.Sleep(every)
		get("two", true)
		text, failure = "three", nil
		time.Sleep(every)
		get("three", false)
		if got := fixed.Get(nil); got != "fixed" {
			t.Fatal(got)
		}
		if got := (*Value)(nil).Get(nil); got != "" {
			t.Fatal(got)
		}
	})
}

func TestGetAllocatesNothing(t *testing.T) {
	var f Files
	f.Again("key", func() (string, error) { return "x", nil })
	v := f.Value("key", "x")
	if n := testing.AllocsPerRun(100, func() { v.Get(nil) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
