package parser

import (
	"bytes"
	"os"
	"testing"
	"time"

	"sluice/event"
)

const criHead = "2026-11-22T19:33:46.81258324Z "

func TestCRI(t *testing.T) {
	for _, c := range []struct {
		name, in, stream, tag, message string
		partial                        bool
	}{
		{"a line", criHead + "stdout F seq=18 msg=hello", "stdout", "F", "seq=18 msg=hello", false},
		{"a piece", criHead + "stderr P last line", "stderr", "P", "last line", true},
		{"an empty message", criHead + "stdout F ", "stdout", "F", "", false},
		{"not even the last space", criHead + "stdout F", "stdout", "F", "", false},
		{"more tags", criHead + "stdout P:x:yz abc", "stdout", "P:x:yz", "abc", true},
		{"bytes that are not UTF-8, and NUL", criHead + "stdout F a\xff\x00b", "stdout", "F", "a\xff\x00b", false},
		{"leading and inner spaces", criHead + "stdout F   a  b ", "stdout", "F", "  a  b ", false},
		{"an offset", "2026-11-22T21:33:46.81258324+02:00 stdout F x", "stdout", "F", "x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, ok := CRI([]byte(c.in))
			if !ok {
				t.Fatal("not taken")
			}
			if got := c.in[l.Stream : l.Stream+CRIStreamLen]; got != c.stream || l.Stderr != (c.stream == "stderr") {
				t.Errorf("stream %q, stderr %v", got, l.Stderr)
			}
			if got := c.in[l.Tag:l.TagEnd]; got != c.tag || l.Partial != c.partial {
				t.Errorf("tag %q, partial %v", got, l.Partial)
			}
			if got := c.in[l.Message:]; got != c.message {
				t.Errorf("message %q", got)
			}
			if want := (event.Time{Sec: 1795376026, Nsec: 812583240}); l.Time != want {
				t.Errorf("time %v, want %v", l.Time, want)
			}
		})
	}
	for _, in := range []string{
		"", "hello", criHead, criHead + "stdout", criHead + "stdout ", criHead + "stdlog F x", criHead + "stdout X x",
		criHead + "stdout Fx", criHead + "stdout F:x", criHead + "stdoutF F x", criHead + " stdout F x", "2026-11-22 stdout F x",
	} {
		if _, ok := CRI([]byte(in)); ok {
			t.Errorf("%q is taken for a CRI line", in)
		}
	}
}

// What a real containerd and kubelet wrote.
func TestCRISample(t *testing.T) {
	sample, err := os.ReadFile("testdata/container/kubelet-crash.log")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(sample, []byte("\n")), []byte("\n"))
	var last CRILine
	for _, line := range lines {
		l, ok := CRI(line)
		if !ok {
			t.Fatalf("not taken: %q", line)
		}
		if l.Time.Std().Before(last.Time.Std()) {
			t.Fatalf("time goes back at %q", line)
		}
		last = l
	}
	if !last.Partial || len(lines) < 10 {
		t.Fatalf("%d lines, the last %+v: it was written without a newline", len(lines), last)
	}
}

func FuzzCRI(f *testing.F) {
	f.Add([]byte(criHead + "stdout F hello"))
	f.Add([]byte(criHead + "stderr P:a:b x"))
	f.Add([]byte("2026-11-22T21:33:46+02:00 stdout F"))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, ok := CRI(line)
		if !ok {
			return
		}
		// Whatever was taken is put together again, byte by byte.
		when, _, found := bytes.Cut(line, []byte(" "))
		if !found {
			t.Fatalf("no space in %q", line)
		}
		name := "stdout"
		if l.Stderr {
			name = "stderr"
		}
		again := string(when) + " " + name + " " + string(line[l.Tag:l.TagEnd])
		if l.TagEnd < len(line) {
			again += " " + string(line[l.Message:])
		}
		if again != string(line) || l.Partial != (line[l.Tag] == 'P') {
			t.Fatalf("%q became %q, %+v", line, again, l)
		}
		if want, err := time.Parse(time.RFC3339Nano, string(when)); err == nil && l.Time != event.TimeOf(want) {
			t.Fatalf("%q: %v, want %v", line, l.Time, want)
		}
	})
}

func TestContainerLinesCostNoAllocation(t *testing.T) {
	cri := []byte(criHead + "stdout F seq=18 msg=hello")
	docker := []byte(`{"log":"a\tb\u00e9\n","stream":"stdout","time":"2026-11-22T19:33:46.81258324Z"}`)
	work := make([]byte, len(docker))
	if n := testing.AllocsPerRun(100, func() {
		copy(work, docker)
		if _, ok := CRI(cri); !ok {
			t.Fatal("cri")
		}
		if _, ok := Docker(work); !ok {
			t.Fatal("docker")
		}
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkCRI(b *testing.B) {
	line := append([]byte(criHead+"stdout F "), bytes.Repeat([]byte("x"), 300)...)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, ok := CRI(line); !ok {
			b.Fatal("not taken")
		}
	}
}
