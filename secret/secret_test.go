package secret

import (
	"errors"
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
		get := func(want string, fails bool) {
			t.Helper()
			got, err := v.Get()
			if got != want || (err != nil) != fails {
				t.Fatalf("%q, %v; want %q", got, err, want)
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
		if got, err := fixed.Get(); got != "fixed" || err != nil {
			t.Fatal(got, err)
		}
	})
}

func TestGetAllocatesNothing(t *testing.T) {
	var f Files
	f.Again("key", func() (string, error) { return "x", nil })
	v := f.Value("key", "x")
	if n := testing.AllocsPerRun(100, func() { v.Get() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
