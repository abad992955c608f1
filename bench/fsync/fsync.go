// Package fsync measures what a disk can do with writes that are made durable.
//
// Promise: it does nothing but append and fsync, in a file of its own, in the
// directory that it is given; so what it says is the best that a program can
// reach there which does the same.
package fsync

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Times are how long writes with their fsync took, ascending.
type Times struct {
	list []time.Duration
	size int
}

// Append appends n pieces of so many bytes to a new file in dir, each with an
// fsync, and removes the file.
func Append(dir string, size, n int) (t Times, err error) {
	path := filepath.Join(dir, "fsync")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return t, fmt.Errorf("cannot measure the disk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	p := make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{})
	rnd.Read(p) // no disk makes less of it
	t = Times{make([]time.Duration, 0, n), size}
	for range n {
		begun := time.Now()
		if _, err := f.Write(p); err != nil {
			return t, err
		}
		if err := f.Sync(); err != nil {
			return t, err
		}
		t.list = append(t.list, time.Since(begun))
	}
	slices.Sort(t.list)
	return t, nil
}

// With returns the times of both.
func (t Times) With(o Times) Times {
	list := append(slices.Clone(t.list), o.list...)
	slices.Sort(list)
	return Times{list, t.size}
}

// At is the percentile, of 0 to 100.
func (t Times) At(percent int) time.Duration {
	if len(t.list) == 0 {
		return 0
	}
	return t.list[(len(t.list)-1)*percent/100]
}

// BytesPerSecond is what was written over the time it took.
func (t Times) BytesPerSecond() float64 {
	sum := time.Duration(0)
	for _, d := range t.list {
		sum += d
	}
	return float64(len(t.list)*t.size) / max(sum.Seconds(), 1e-9)
}
