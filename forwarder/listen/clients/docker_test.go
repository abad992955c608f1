package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const image = "localhost/sluice-lines:1"

// daemon is a Docker daemon of our own, without network or firewall rules.
type daemon struct {
	host string // DOCKER_HOST
}

// containers are the trials of Docker's fluentd log driver.
func containers(t *testing.T, s *servers, dir string) (list []trial) {
	d, version, err := startDocker(t, dir)
	for i, c := range []struct {
		name, options string
		n, size       int
	}{
		{"", "", records, 0},
		{"ack, sub-second", "request-ack sub-second-precision", records, 0},
		{"async, sub-second", "async sub-second-precision", records, 0},
		{"ack, sub-second, 200 lines of 40 KiB", "request-ack sub-second-precision", 200, 40 << 10},
	} {
		tag := fmt.Sprint("docker.row", i)
		list = append(list, trial{strings.TrimSpace("Docker's fluentd driver " + version), c.name, func() error {
			if err != nil {
				return err
			}
			return d.lines(s, tag, c.options, c.n, c.size)
		}})
	}
	return list
}

func startDocker(t *testing.T, dir string) (*daemon, string, error) {
	for _, tool := range []string{"dockerd", "docker", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, "", absent{tool + " is not installed"}
		}
	}
	if os.Geteuid() != 0 {
		return nil, "", absent{"dockerd needs root"}
	}
	// A socket's path must be short.
	home, err := os.MkdirTemp("", "sluice-docker-")
	if err != nil {
		return nil, "", err
	}
	d := &daemon{host: "unix://" + home + "/docker.sock"}
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command("dockerd", "--data-root", home+"/data", "--exec-root", home+"/exec", "-H", d.host, "-p", home+"/pid",
		"--iptables=false", "--ip6tables=false", "--bridge=none")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, "", absent{"dockerd does not start: " + err.Error()}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill()
		}
		log.Close()
		unmount(home)
		_ = os.RemoveAll(home)
	})
	for late := time.Now().Add(time.Minute); d.docker("version") != nil; time.Sleep(100 * time.Millisecond) {
		if len(ended) > 0 || time.Now().After(late) {
			said, _ := os.ReadFile(log.Name())
			return nil, "", absent{fmt.Sprintf("dockerd does not run here: %.300s", strings.TrimSpace(string(said[max(0, len(said)-300):])))}
		}
	}
	return d, d.version(), d.load(dir)
}

// unmount takes away what a daemon that was killed has left mounted.
func unmount(home string) {
	raw, _ := os.ReadFile("/proc/mounts")
	lines := strings.Split(string(raw), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if f := strings.Fields(lines[i]); len(f) > 1 && strings.HasPrefix(f[1], home+"/") {
			_ = syscall.Unmount(f[1], syscall.MNT_DETACH)
		}
	}
}

func (d *daemon) docker(args ...string) error {
	return execute(10*time.Minute, "", []string{"DOCKER_HOST=" + d.host}, append([]string{"docker"}, args...)...)
}

func (d *daemon) version() string {
	cmd := exec.Command("docker", "version", "--format", "{{.Server.Version}}")
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+d.host)
	out, _ := cmd.Output()
	return strings.TrimSpace(string(out))
}

// load makes the image of our program that prints lines: nothing else is in it.
func (d *daemon) load(dir string) error {
	path, err := goProgram(dir, "./lines")
	if err != nil {
		return err
	}
	layer := filepath.Join(dir, "lines.tar")
	if err := execute(time.Minute, dir, nil, "tar", "-cf", layer, filepath.Base(path)); err != nil {
		return err
	}
	if err := d.docker("import", "--change", `ENTRYPOINT ["/lines"]`, layer, image); err != nil {
		return absent{"dockerd takes no image here: " + err.Error()}
	}
	return nil
}

// lines runs a container that prints n lines and checks what came of them.
func (d *daemon) lines(s *servers, tag, options string, n, size int) error {
	at := s.byName["plain"]
	args := []string{
		"run", "--detach", "--name", tag, "--network", "host", "--log-driver", "fluentd",
		"--log-opt", "fluentd-address=127.0.0.1:" + strconv.Itoa(at.port), "--log-opt", "tag=" + tag,
	}
	unit := time.Second
	for _, o := range strings.Fields(options) {
		args = append(args, "--log-opt", "fluentd-"+o+"=true")
		if o == "sub-second-precision" {
			unit = time.Nanosecond
		}
	}
	from := time.Now().Truncate(unit)
	args = append(args, image, "-n", strconv.Itoa(n), "-size", strconv.Itoa(size))
	if err := d.docker(args...); err != nil {
		return err
	}
	docs := s.store.await(tag, 5*time.Minute, func(docs []document) bool { return len(docs) >= n && len(whole(docs)) >= n })
	to := time.Now()
	if err := d.docker("rm", "--force", tag); err != nil {
		return err
	}
	return judgeLines(docs, n, size, unit, from, to)
}

// judgeLines says what is wrong with what came of n lines that a container
// printed between two times.
func judgeLines(docs []document, n, size int, unit time.Duration, from, to time.Time) error {
	seen := map[int]int{}
	for _, line := range whole(docs) {
		var number int
		var text string
		if k, err := fmt.Sscanf(line, "line %d %s", &number, &text); k < 1 || err != nil && size > 0 || len(text) != size {
			return fmt.Errorf("a line of %d bytes is not one that was printed: %.80q", len(line), line)
		}
		seen[number]++
	}
	for i := range n {
		if seen[i] != 1 {
			return fmt.Errorf("line %d came %d times, and %d different ones of %d", i, seen[i], len(seen), n)
		}
	}
	fraction := false
	for _, d := range docs {
		if d.Time.Before(from) || d.Time.After(to) {
			return fmt.Errorf("a line has the time %v; the container ran from %v to %v", d.Time, from, to)
		}
		fraction = fraction || d.Time.Nanosecond() != 0
	}
	if fraction != (unit < time.Second) {
		return fmt.Errorf("times have fractions of a second: %v", fraction)
	}
	return nil
}

// whole joins the parts that Docker cuts lines over 16 KiB into, in their order.
func whole(docs []document) (lines []string) {
	parts := map[string]map[int]string{}
	ends := map[string]int{}
	for _, d := range docs {
		if d.JSON.PartialID == "" {
			lines = append(lines, d.Message)
			continue
		}
		n, _ := strconv.Atoi(d.JSON.PartialOrdinal)
		if parts[d.JSON.PartialID] == nil {
			parts[d.JSON.PartialID] = map[int]string{}
		}
		parts[d.JSON.PartialID][n] += d.Message
		if d.JSON.PartialLast == "true" {
			ends[d.JSON.PartialID] = n
		}
	}
	for id, last := range ends {
		if len(parts[id]) < last {
			continue
		}
		line := ""
		for i := 1; i <= last; i++ {
			line += parts[id][i]
		}
		lines = append(lines, line)
	}
	return lines
}
