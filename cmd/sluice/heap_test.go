package main

import "testing"

func TestGarbageIsHalfOfWhatIsInUseAndNotMuchMoreThan8MiB(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 50}, {8 << 20, 50}, {16 << 20, 50}, {20 << 20, 40}, {32 << 20, 25}, {64 << 20, 15}, {1 << 30, 15}} {
		if got := gcPercent(c.live); got != c.want {
			t.Errorf("%d MiB in use: GOGC %d, want %d", c.live>>20, got, c.want)
		}
	}
}
