package agent_test

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/agent"
)

var (
	comparedFluentd = flag.String("compared.fluentd", "", "a command that runs Fluentd with the configuration behind it: the goldens are written anew")
	comparedOnly    = flag.String("compared.only", "", "the beginning of the names of the cases to run")
	comparedUpdate  = flag.Bool("compared.different", false, "write what differs into the cases' files of that name, below the comments that are there")
)

// defaultZone is where the programs of most cases run: times without a zone and
// local times show what is made of them. A case's file zone names another.
const defaultZone = "America/New_York"

// What Fluentd made of a configuration and its input, Sluice makes of them.
// A directory in testdata/compared holds both, and what Fluentd gave; its
// README tells the version.
func TestComparedWithFluentd(t *testing.T) {
	cases, err := filepath.Glob("testdata/compared/" + *comparedOnly + "*/fluent.conf")
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	zones := map[string][]string{}
	for _, conf := range cases {
		zone := zoneOf(t, filepath.Dir(conf))
		zones[zone] = append(zones[zone], conf)
	}
	if os.Getenv("SLUICE_TEST_COMPARED") == "" {
		for zone := range zones {
			inZone(t, zone)
		}
		return
	}
	for _, conf := range zones[os.Getenv("TZ")] {
		dir := filepath.Dir(conf)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			c := newCompared(t, dir)
			if *comparedFluentd != "" {
				c.fluentd(t)
				return
			}
			want, comments := expectedOf(t, dir)
			c.sluice(t, len(want))
			missing, added := c.compare(t, want)
			if *comparedUpdate {
				writeDifferent(t, dir, comments, missing, added)
			} else if len(missing)+len(added) > 0 {
				t.Errorf("Fluentd alone:\n%s\nSluice alone:\n%s", strings.Join(missing, "\n"), strings.Join(added, "\n"))
			}
		})
	}
}

func zoneOf(t *testing.T, dir string) string {
	t.Helper()
	zone, err := os.ReadFile(filepath.Join(dir, "zone"))
	if os.IsNotExist(err) {
		return defaultZone
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(zone))
}

// inZone runs the zone's cases in a process of their own.
func inZone(t *testing.T, zone string) {
	cmd := exec.Command(os.Args[0], append(slices.Clone(os.Args[1:]), "-test.parallel=8", "-test.run=^"+t.Name()+"$")...)
	cmd.Env = append(os.Environ(), "TZ="+zone, "SLUICE_TEST_COMPARED=1")
	out, err := cmd.CombinedOutput()
	if err != nil || testing.Verbose() {
		t.Logf("%s\n%s", zone, out)
	}
	if err != nil {
		t.Error(err)
	}
}

// fluentd runs Fluentd until nothing comes out any more, and writes the golden.
func (c *compared) fluentd(t *testing.T) {
	args := append(strings.Fields(*comparedFluentd), filepath.Join(c.dir, "fluent.conf"))
	cmd := exec.Command(args[0], args[1:]...)
	var log bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = os.Environ(), &log, &log
	for name, value := range c.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); close(c.gone) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if <-c.gone; t.Failed() {
			t.Logf("%s", log.Bytes())
		}
	})
	c.send(t)
	c.settle()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, line := range strings.Split(log.String(), "\n") {
		if strings.Contains(line, "[error]") || strings.Contains(line, "[warn]") {
			t.Log(line)
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, "golden"), []byte(strings.Join(c.lines(t), "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sluice runs an agent until n lines came out.
func (c *compared) sluice(t *testing.T, n int) {
	s := fluentSettings(t, filepath.Join(c.dir, "fluent.conf"), c.env)
	s.DataDir = filepath.Join(c.work, "data")
	a, err := agent.New(s, agent.Options{Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	c.send(t)
	tick, late := time.NewTicker(20*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for waiting := true; waiting && len(c.lines(t)) < n; {
		select {
		case <-tick.C: // others write the files: they can only be looked at
		case <-late:
			waiting = false // compare tells what is missing
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// compare finds what came out on one side alone.
func (c *compared) compare(t *testing.T, want []string) (missing, added []string) {
	added = c.lines(t)
	for _, line := range want {
		if i := slices.Index(added, line); i >= 0 {
			added = slices.Delete(added, i, i+1)
			continue
		}
		missing = append(missing, line)
	}
	return missing, added
}

// writeDifferent makes the file of what differs anew; its comments stay.
func writeDifferent(t *testing.T, dir string, comments, missing, added []string) {
	t.Helper()
	file := filepath.Join(dir, "different")
	if len(missing)+len(added) == 0 {
		_ = os.Remove(file)
		return
	}
	text := strings.Join(comments, "\n") + "\n"
	for _, line := range missing {
		text += "- " + line + "\n"
	}
	for _, line := range added {
		text += "+ " + line + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// expectedOf is what Fluentd gave, but for what is different on purpose: the
// file different has, below a comment that says why, lines that Fluentd alone
// gives (-) and lines that Sluice alone gives (+).
func expectedOf(t *testing.T, dir string) (want, comments []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "golden"))
	if err != nil {
		t.Fatal(err)
	}
	want = splitLines(data)
	data, err = os.ReadFile(filepath.Join(dir, "different"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, line := range splitLines(data) {
		kind, line := line[:1], strings.TrimPrefix(line[1:], " ")
		switch {
		case kind == "#":
			comments = append(comments, "# "+line)
		case *comparedUpdate: // they are made anew
		case kind == "+":
			want = append(want, line)
		case kind == "-":
			i := slices.Index(want, line)
			if i < 0 {
				t.Fatalf("%s: Fluentd did not give %s", dir, line)
			}
			want = slices.Delete(want, i, i+1)
		}
	}
	return want, comments
}

func splitLines(text []byte) []string {
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// settle waits until something came out, and then nothing more for 5 s.
func (c *compared) settle() {
	last, quiet := -1, 0
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for n := 0; quiet < 10 && n < 240; n++ {
		select {
		case <-tick.C:
		case <-c.gone:
			return
		}
		if c.size() > 0 {
			quiet++
		}
		if n := c.size(); n != last {
			last, quiet = n, 0
		}
	}
}
