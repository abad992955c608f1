package agent_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/agent/agenttest"
	"sluice/sink/elastictest"
)

// ownMounts runs the test again in a process with mounts of its own, and returns
// true there. Where that is not allowed the test is skipped.
func ownMounts(t *testing.T) bool {
	t.Helper()
	const inside = "SLUICE_TEST_OWN_MOUNTS"
	if os.Getenv(inside) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=15m")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("SKIP: mounts need root: %v", err)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// realDisk is a file system of the kernel's with a way to break.
type realDisk struct {
	mount func(t *testing.T, dir string)
	wreck func(t *testing.T, dir string) // while it is in use
	mend  func(t *testing.T, dir string)
	// while: it is mended while the agent runs; else the agent must be dead.
	while bool
	says  string // in the agent's log
}

func realDisks() map[string]realDisk {
	return map[string]realDisk{
		"no space": {mountTmpfs("size=16m"), func(t *testing.T, dir string) {
			fill(t, func(n int) error { return appendTo(filepath.Join(dir, "filler"), make([]byte, 4096)) })
		}, unfill, true, "no space left on device"},
		"no inodes": {mountTmpfs("size=64m,nr_inodes=300"), func(t *testing.T, dir string) {
			fill(t, func(n int) error { return os.MkdirAll(filepath.Join(dir, "filler", strconv.Itoa(n)), 0o700) })
		}, unfill, true, "no space left on device"},
		"read-only": {mountExt4, wreckExt4, func(t *testing.T, dir string) {
			must(t, syscall.Unmount(dir, 0))
			out, err := exec.Command("e2fsck", "-fy", dir+".img").CombinedOutput()
			if exit := (&exec.ExitError{}); err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) { // 1: it corrected something
				t.Fatalf("e2fsck: %v\n%s", err, out)
			}
			run(t, "mount", "-o", "loop,errors=remount-ro", dir+".img", dir)
		}, false, "read-only file system"},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func mountTmpfs(options string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, options))
		t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	}
}

func mountExt4(t *testing.T, dir string) {
	for _, name := range []string{"mkfs.ext4", "e2fsck", "mount"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("SKIP:", err)
		}
	}
	image := dir + ".img"
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 64<<20))
	run(t, "mkfs.ext4", "-q", "-F", image)
	if out, err := exec.Command("mount", "-o", "loop,errors=remount-ro", image, dir).CombinedOutput(); err != nil {
		t.Skipf("SKIP: no loop devices: %s", out)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
}

// wreckExt4 has the kernel find an error, at which it makes the file system
// read-only, also for files that are open. Nothing may be on its way meanwhile:
// an fsync that ext4 (Linux 6.18) is at when the error comes may succeed, and
// what it was for is not there.
func wreckExt4(t *testing.T, dir string) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); f[1] == dir {
			must(t, os.WriteFile(filepath.Join("/sys/fs/ext4", filepath.Base(f[0]), "trigger_fs_error"), []byte("1"), 0))
			if err := appendTo(filepath.Join(dir, "probe"), nil); !errors.Is(err, syscall.EROFS) {
				t.Fatal("it is not read-only:", err)
			}
			return
		}
	}
	t.Fatal("it is not mounted")
}

// fill does something until there is no room for it.
func fill(t *testing.T, more func(n int) error) {
	t.Helper()
	for n := range 100_000 {
		if err := more(n); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("there is always room")
}

func unfill(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "filler"))) }

func appendTo(path string, p []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	return errors.Join(err, f.Close())
}

// metric waits until a metric of the agent at addr is what it should be.
func metric(t *testing.T, addr, name string, good func(v float64) bool) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	last := ""
	for deadline := time.After(5 * time.Minute); ; {
		if res, err := client.Get("http://" + addr + "/metrics"); err == nil {
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			for line := range strings.Lines(string(text)) {
				if !strings.HasPrefix(line, name) {
					continue
				}
				last = line
				if v, err := strconv.ParseFloat(strings.Fields(line)[1], 64); err == nil && good(v) {
					return
				}
			}
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s is %q", name, last)
		}
	}
}

// TestRealDisksThatFail has the agent work on file systems of the kernel's that
// are full, have no inodes, or turn read-only under it. It must say so, let its
// client wait, go on when it can, start on the broken disk where that can be
// written at all, and neither lose nor double what it acknowledged.
func TestRealDisksThatFail(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	for name, disk := range realDisks() {
		t.Run(name, func(t *testing.T) { testRealDisk(t, disk) })
	}
}

func testRealDisk(t *testing.T, disk realDisk) {
	dir, addr, metrics := t.TempDir(), quietPort(t), quietPort(t)
	mounted := filepath.Join(dir, "disk")
	must(t, os.Mkdir(mounted, 0o700))
	disk.mount(t, mounted)
	store := newSeenStore(`"message":"line `)
	server := elastictest.New(store, elastictest.WithFaults(elastictest.Always(elastictest.Fault{Kind: elastictest.Refuse, Status: 503})))
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close()
	must(t, os.WriteFile(filepath.Join(dir, "sluice.yaml"), fmt.Appendf(nil, `
data_dir: %s/data
shutdown_grace: 1s
metrics: { listen: "%s" }
admin: { listen: "" }
inputs:
  containers: { path: "" }
  forward: { listen: ["%s"] }
buffer: { type: disk, disk_limit: 16MiB, flush_interval: 50ms }
elasticsearch: { urls: ["%s"] }
`, mounted, metrics, addr, web.URL), 0o600))
	client := &ackedClient{acked: map[int]bool{}, gate: make(chan struct{}, 1<<20)}
	c := startChild(t, dir)
	acks, ended := client.start(addr)
	acks(t, 20, c)
	broken := func() {
		disk.wreck(t, mounted)
		client.allow(10_000)
		metric(t, metrics, "sluice_buffer_degraded{", func(v float64) bool { return v == 1 })
		metric(t, metrics, "sluice_checkpoint_errors_total ", func(v float64) bool { return v > 0 })
	}
	broken()
	if disk.while {
		disk.mend(t, mounted)
		metric(t, metrics, "sluice_buffer_degraded{", func(v float64) bool { return v == 0 })
		acks(t, 20, c)
		broken()
	}
	c.end(t, syscall.SIGKILL)
	client.allow(1) // if it waits
	<-ended
	if !disk.while {
		out, err := agenttest.Command(filepath.Join(dir, "sluice.yaml")).CombinedOutput()
		if err == nil || !strings.Contains(string(out), disk.says) {
			t.Errorf("on the broken disk the agent starts, or does not say why not: %v, %s", err, out)
		}
		disk.mend(t, mounted)
	}
	server.SetFaults(nil)
	c = startChild(t, dir)
	store.await(t, client.next, client.open, 5*time.Minute)
	acks, ended = client.start(addr)
	acks(t, 20, c)
	c.end(t, syscall.SIGTERM)
	client.allow(1)
	<-ended
	store.verify(t, client.next, client.open())
	if log, _ := os.ReadFile(c.log.Name()); !strings.Contains(string(log), disk.says) {
		t.Errorf("the log does not say %q:\n%s", disk.says, tailOf(c.log.Name()))
	}
}

// allow lets a client with a gate send so many more messages.
func (c *ackedClient) allow(n int) {
	for range n {
		c.gate <- struct{}{}
	}
}

// start runs the client; acks lets it send n messages and waits for so many
// acknowledgements, ended tells how the run ended.
func (c *ackedClient) start(addr string) (acks func(t *testing.T, n int, a *child), ended <-chan error) {
	came, end := make(chan struct{}, 1<<20), make(chan error, 1)
	go func() { end <- c.run(addr, func(int) { came <- struct{}{} }) }()
	return func(t *testing.T, n int, a *child) {
		t.Helper()
		c.allow(n)
		deadline := time.After(5 * time.Minute)
		for range n {
			select {
			case <-came:
			case err := <-end:
				t.Fatalf("the client ended: %v\n%s", err, tailOf(a.log.Name()))
			case <-deadline:
				t.Fatalf("no acknowledgements\n%s", tailOf(a.log.Name()))
			}
		}
	}, end
}
