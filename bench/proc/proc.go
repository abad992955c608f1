// Package proc measures another process from outside, by what the kernel says
// of it, and describes the machine. Linux only.
//
// Promise: nothing here touches the process or needs its help, so that what is
// measured is the program as it ships.
package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// clockTick is the unit of times in /proc/PID/stat: USER_HZ, 100 on every
// architecture that Go's linux port knows (proc_pid_stat(5)).
const clockTick = time.Second / 100

// CPU is the time that the process has spent, all its threads together.
type CPU struct{ User, System time.Duration }

// Total is user and system time.
func (c CPU) Total() time.Duration { return c.User + c.System }

// Sub is the time spent since an earlier reading.
func (c CPU) Sub(before CPU) CPU { return CPU{c.User - before.User, c.System - before.System} }

// ReadCPU reads the process' times, in steps of 10 ms.
func ReadCPU(pid int) (CPU, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return CPU{}, err
	}
	return parseStat(b)
}

// parseStat reads utime and stime, fields 14 and 15; the second field, a name
// in parentheses, may itself hold spaces and parentheses.
func parseStat(b []byte) (c CPU, err error) {
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return c, fmt.Errorf("cannot read times in %q", b)
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return c, err
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	return CPU{time.Duration(user) * clockTick, time.Duration(system) * clockTick}, err
}

// RSS is memory that the process has in RAM, in bytes.
type RSS struct{ Now, Peak int64 }

// ReadRSS reads VmRSS and VmHWM.
func ReadRSS(pid int) (RSS, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return RSS{}, err
	}
	return parseStatus(b)
}

func parseStatus(b []byte) (r RSS, err error) {
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		var to *int64
		switch string(key) {
		case "VmRSS":
			to = &r.Now
		case "VmHWM":
			to = &r.Peak
		default:
			continue
		}
		number := bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))
		kb, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil {
			return r, fmt.Errorf("cannot read %s: %w", key, err)
		}
		*to = kb << 10
	}
	if r.Peak == 0 {
		return r, fmt.Errorf("cannot read memory: no VmHWM")
	}
	return r, nil
}

// Watch samples the process' VmRSS until ctx ends and keeps the highest.
type Watch struct {
	max  atomic.Int64
	done chan struct{}
}

// StartWatch starts a goroutine that ends with ctx.
func StartWatch(ctx context.Context, pid int, every time.Duration) *Watch {
	w := &Watch{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		t := time.NewTicker(every)
		defer t.Stop()
		for ctx.Err() == nil {
			if r, err := ReadRSS(pid); err == nil && r.Now > w.max.Load() {
				w.max.Store(r.Now)
			}
			select {
			case <-ctx.Done():
			case <-t.C:
			}
		}
	}()
	return w
}

// Max is the highest sample, in bytes.
func (w *Watch) Max() int64 { return w.max.Load() }

// Wait returns when the goroutine has ended, after its context.
func (w *Watch) Wait() { <-w.done }
