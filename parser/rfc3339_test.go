package parser

import (
	"math/rand/v2"
	"testing"
	"time"

	"sluice/event"
)

func TestRFC3339AgreesWithTheStandardLibrary(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	zones := []*time.Location{time.UTC, time.FixedZone("", 2*3600), time.FixedZone("", -(5*3600 + 30*60))}
	for range 20000 {
		want := time.Unix(rnd.Int64N(250_000_000_000), rnd.Int64N(1e9)).In(zones[rnd.IntN(3)])
		text := want.Format(time.RFC3339Nano)
		got, n, ok := RFC3339([]byte(text + " x"))
		if !ok || n != len(text) || got != event.TimeOf(want) {
			t.Fatalf("%s: %v %d %v, want %v", text, got, n, ok, event.TimeOf(want))
		}
	}
}

func TestRFC3339(t *testing.T) {
	for _, c := range []struct {
		in string
		t  event.Time
		n  int
	}{
		{"1970-01-01T00:00:00Z", event.Time{}, 20},
		{"2026-11-22T20:00:57.8281148Z", event.Time{Sec: 1795377657, Nsec: 828114800}, 28},
		{"2026-11-22T20:00:57.81258324Z rest", event.Time{Sec: 1795377657, Nsec: 812583240}, 29},
		{"2026-11-22T22:00:57.1234567899+02:00", event.Time{Sec: 1795377657, Nsec: 123456789}, 36},
		{"2026-11-22t20:00:57z", event.Time{Sec: 1795377657}, 20},
		{"2024-02-29T00:00:00Z", event.Time{Sec: 1709164800}, 20},
		{"2016-12-31T23:59:60Z", event.Time{Sec: 1483228800}, 20},
		{"0000-01-01T00:00:00Z", event.Time{Sec: -62167219200}, 20},
		{"9999-12-31T23:59:59.999999999Z", event.Time{Sec: 253402300799, Nsec: 999999999}, 30},
	} {
		got, n, ok := RFC3339([]byte(c.in))
		if !ok || n != c.n || got != c.t {
			t.Errorf("%s: %v %d %v, want %v %d", c.in, got, n, ok, c.t, c.n)
		}
	}
	for _, in := range []string{
		"", "2026", "2026-11-22T20:00:57", "2026-11-22T20:00:57.Z", "2026-11-22T20:00:57.1", "2026-11-22 20:00:57Z",
		"2026-13-22T20:00:57Z", "2026-00-22T20:00:57Z", "2026-02-29T20:00:57Z", "2026-11-22T24:00:57Z", "2026-11-22T20:60:57Z",
		"2026-11-22T20:00:61Z", "2026-11-22T20:00:57+0200", "2026-11-22T20:00:57+24:00", "2026-11-22T20:00:57+02:6", "2x26-11-22T20:00:57Z",
		"2026-11-22T20:00:57.5+", "1900-02-29T00:00:00Z",
	} {
		if got, n, ok := RFC3339([]byte(in)); ok || n != 0 || !got.IsZero() {
			t.Errorf("%q is taken for %v, %d bytes", in, got, n)
		}
	}
}
