package parser

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/event"
)

const dockerTail = `,"stream":"stderr","time":"2026-11-22T19:33:46.81258324Z"}`

func TestDocker(t *testing.T) {
	for _, c := range []struct {
		name, in, log string
		partial       bool
	}{
		{"a line", `{"log":"hello\n"` + dockerTail, "hello", false},
		{"a piece", `{"log":"hello"` + dockerTail, "hello", true},
		{"an empty line", `{"log":"\n"` + dockerTail, "", false},
		{"an empty piece", `{"log":""` + dockerTail, "", true},
		{"every escape", `{"log":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83d\n"` + dockerTail, "\"\\/\b\f\n\r\té😀\ufffd", false},
		{"a carriage return stays", `{"log":"a\r\n"` + dockerTail, "a\r", false},
		{"bytes that are not UTF-8", "{\"log\":\"a\xff\\n\"" + dockerTail, "a\xff", false},
		{"other members, other order", ` { "attrs" : {"tag":["x",1,null]} , "time":"2026-11-22T19:33:46.81258324Z","stream":"stderr" ,"log":"x\n"} `, "x", false},
		{"the last of a name counts", `{"log":"a\n","log":"b\n"` + dockerTail, "b", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := []byte(c.in)
			l, ok := Docker(line)
			if !ok {
				t.Fatal("not taken")
			}
			if got := string(line[l.Log:l.LogEnd]); got != c.log || l.Partial != c.partial {
				t.Errorf("log %q, partial %v; want %q, %v", got, l.Partial, c.log, c.partial)
			}
			if got := string(line[l.Stream:l.StreamEnd]); got != "stderr" || !l.Stderr {
				t.Errorf("stream %q, stderr %v", got, l.Stderr)
			}
			if want := (event.Time{Sec: 1795376026, Nsec: 812583240}); l.Time != want {
				t.Errorf("time %v, want %v", l.Time, want)
			}
		})
	}
	for _, in := range []string{
		"", "{}", "hello", criHead + "stdout F x", `{"log":"a\n"` + strings.Replace(dockerTail, "stderr", "other", 1),
		`{"log":1` + dockerTail, `{"log":"a\n"` + dockerTail + "x", `{"log":"a\x"` + dockerTail, `{"log":"\u00e"` + dockerTail,
		`{"log":"a\n","stream":"stdout","time":"now"}`, `{"log":"a\n","stream":"stdout","time":"2026-11-22T19:33:46Z!"}`,
		`{"log":"a\n","stream":"stdout"}`, `{"log":"a\n"` + dockerTail[:len(dockerTail)-1],
	} {
		line := []byte(in)
		if _, ok := Docker(line); ok || string(line) != in {
			t.Errorf("%q is taken, or became %q", in, line)
		}
	}
}

func FuzzDocker(f *testing.F) {
	f.Add([]byte(`{"log":"hello\n"` + dockerTail))
	f.Add([]byte(`{"log":"\ud83d\ude00 \ud83d\u0041\\\n"` + dockerTail))
	f.Add([]byte(`{"time":"2026-11-22T19:33:46Z","attrs":{"a":[{}]},"stream":"stdout","log":"x"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		l, ok := Docker(line)
		if !ok {
			if !bytes.Equal(line, before) {
				t.Fatalf("refused, but %q became %q", before, line)
			}
			return
		}
		if isASCII(before) {
			// encoding/json replaces what is not UTF-8; where that does not
			// matter both must read the same.
			var want map[string]any
			if err := json.Unmarshal(before, &want); err != nil {
				t.Fatalf("%q is taken, encoding/json says %v", before, err)
			}
			if s, ok := want["log"].(string); ok {
				if got := string(line[l.Log:l.LogEnd]); got != strings.TrimSuffix(s, "\n") || l.Partial == strings.HasSuffix(s, "\n") {
					t.Fatalf("%q: log %q, partial %v, want %q", before, got, l.Partial, s)
				}
			}
			if s, ok := want["time"].(string); ok {
				if at, err := time.Parse(time.RFC3339Nano, s); err == nil && l.Time != event.TimeOf(at) {
					t.Fatalf("%q: %v, want %v", before, l.Time, at)
				}
			}
		}
	})
}

func isASCII(p []byte) bool {
	for _, c := range p {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func BenchmarkDocker(b *testing.B) {
	line := []byte(`{"log":"` + strings.Repeat("x", 300) + `\n"` + dockerTail)
	work := make([]byte, len(line))
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		copy(work, line)
		if _, ok := Docker(work); !ok {
			b.Fatal("not taken")
		}
	}
}
