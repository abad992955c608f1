package fsync

import (
	"os"
	"testing"
	"time"
)

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	times, err := Append(dir, 1000, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(times.list) != 3 || times.At(0) <= 0 || times.BytesPerSecond() <= 0 {
		t.Errorf("%+v", times)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Error("it left", left)
	}
	if _, err := Append(dir+"/none", 1, 1); err == nil {
		t.Error("measured where there is no directory")
	}
}

func TestTimes(t *testing.T) {
	a := Times{[]time.Duration{1 * time.Second, 3 * time.Second}, 10}
	both := a.With(Times{[]time.Duration{2 * time.Second}, 10})
	if both.At(0) != time.Second || both.At(50) != 2*time.Second || both.At(100) != 3*time.Second || both.BytesPerSecond() != 5 {
		t.Errorf("%+v", both)
	}
	if (Times{}).At(99) != 0 {
		t.Error("a percentile of nothing")
	}
}
