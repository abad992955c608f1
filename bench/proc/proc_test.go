package proc

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const line = "4711 (a (b) c) S 1 4711 4711 0 -1 4194304 100 0 0 0 123 45 0 0 20 0 9 0 100 1000 200 18446744073709551615\n"
	c, err := parseStat([]byte(line))
	if err != nil || c.User != 1230*time.Millisecond || c.System != 450*time.Millisecond || c.Total() != 1680*time.Millisecond {
		t.Errorf("%+v, %v", c, err)
	}
	if d := c.Sub(CPU{User: time.Second}); d.User != 230*time.Millisecond || d.System != c.System {
		t.Errorf("difference %+v", d)
	}
	for _, bad := range []string{"", "1 (x) S 1", "1 (x) S 1 1 1 0 -1 0 0 0 0 0 a 1 0"} {
		if c, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

func TestParseStatus(t *testing.T) {
	r, err := parseStatus([]byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t3\n"))
	if err != nil || r.Now != 1<<20 || r.Peak != 2<<20 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"", "VmRSS:\t1024 kB\n", "VmHWM:\tmuch kB\n"} {
		if r, err := parseStatus([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, r)
		}
	}
}

func TestThisProcess(t *testing.T) {
	before, err := ReadCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; { // until a tick is counted
		now, err := ReadCPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now.Total() > before.Total() {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the time stands still")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := StartWatch(ctx, os.Getpid(), time.Hour)
	for end := time.Now().Add(time.Minute); w.Max() == 0; { // the first sample is taken at once
		if time.Now().After(end) {
			t.Fatal("no sample")
		}
	}
	cancel()
	w.Wait()
	r, err := ReadRSS(os.Getpid())
	if err != nil || r.Peak < w.Max() {
		t.Errorf("sampled %d, peak %+v, %v", w.Max(), r, err)
	}
}

func TestNoSuchProcess(t *testing.T) {
	if _, err := ReadCPU(-1); err == nil {
		t.Error("times of no process")
	}
	if _, err := ReadRSS(-1); err == nil {
		t.Error("memory of no process")
	}
}

func TestThisMachine(t *testing.T) {
	if m := ThisMachine(); m.CPU == "" || m.Cores < 1 || m.Memory < 1<<20 || m.Kernel == "" || m.Go == "" {
		t.Errorf("%+v", m)
	}
}

func TestLoad(t *testing.T) {
	if v := Load(); v < 0 {
		t.Errorf("load average %v", v)
	}
}
