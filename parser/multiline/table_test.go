package multiline

import (
	"regexp"
	"strings"
	"testing"
)

// What the programs in testdata do not show: other versions, rarer forms, and
// lines that are no trace. One record a paragraph of want: its lines, first
// lines at the margin, the others behind two blanks.
var traces = []struct{ name, text string }{
	{"java, nested exception", `
|javax.servlet.ServletException: failed; nested exception is:
+	java.lang.IllegalStateException: boom
+	at org.example.Servlet.service(Servlet.java:7)
|ERROR c.e.Shop - order failed: java.lang.IllegalStateException: boom
+	at com.example.Shop.order(Shop.java:3)
|2026-11-22 20:00:00 INFO c.e.Shop - at the end`},
	{"java, frames without a head", `
|	at com.example.Shop.order(Shop.java:3)
+	at com.example.Shop.main(Shop.java:4)
|done`},
	{"csharp", `
|Unhandled exception. System.InvalidOperationException: outer
+ ---> System.ArgumentException: inner (Parameter 'n')
+   at Shop.Order.Load(Int32 n) in /app/Order.cs:line 7
+   --- End of inner exception stack trace ---
+   at Shop.Order.Ship() in /app/Order.cs:line 12
+--- End of stack trace from previous location ---
+   at Shop.Program.Main(String[] args) in /app/Program.cs:line 4
|info: Shop.Program[0]
|      Application started.`},
	{"dart", `
|Unhandled exception:
+Exception: boom
+#0      load (file:///app/bin/main.dart:2:3)
+#1      main (file:///app/bin/main.dart:6:3)
+<asynchronous suspension>
+#2      _delayEntrypointInvocation.<anonymous closure> (dart:isolate-patch/isolate_patch.dart:297:19)
|next`},
	{"dart, a chain of package stack_trace", `
|Bad state: no order
|package:shop/order.dart 12:7  Order.load
+===== asynchronous gap ===========================
+dart:async                    runZoned
+bin/main.dart 3:5             main
|next`},
	{"ruby 3.4 with a hint", `
|x.rb:2:in 'Object#load': undefined method 'sise' for an instance of Array (NoMethodError)
+
+  items.sise
+       ^^^^^
+Did you mean?  size
+	from x.rb:4:in '<main>'
|next`},
	{"rails, two requests at a time", `
|I, [2026-11-22T20:00:00.000001 #1]  INFO -- : [a-1] Started GET "/a" for 127.0.0.1 at 2026-11-22 20:00:00 +0000
+I, [2026-11-22T20:00:00.000002 #1]  INFO -- : [a-1] Processing by AController#show as HTML
|I, [2026-11-22T20:00:00.000003 #1]  INFO -- : [b-2] Started GET "/b" for 127.0.0.1 at 2026-11-22 20:00:00 +0000
+I, [2026-11-22T20:00:00.000004 #1]  INFO -- : [b-2] Processing by BController#show as HTML
|I, [2026-11-22T20:00:00.000005 #1]  INFO -- : [a-1] Completed 200 OK in 3ms
|I, [2026-11-22T20:00:00.000006 #1]  INFO -- : [b-2] Completed 200 OK in 3ms`},
	{"rust, before 1.73", `
|thread 'main' panicked at 'boom', src/main.rs:2:5
+note: run with ` + "`RUST_BACKTRACE=1`" + ` environment variable to display a backtrace
|next`},
	{"rust, anyhow", `
|Error: cannot ship
+
+Caused by:
+    0: cannot load
+    1: No such file or directory (os error 2)
+
+Stack backtrace:
+   0: shop::main
+             at ./src/main.rs:7:5
|next`},
	{"javascript of a browser's kind, no frames", `
|Error: boom
|Error: boom again
|next`},
	{"lines that are no trace", `
|2026-11-22T20:00:00Z INFO started
|{"level":"error","msg":"java.lang.Exception: boom"}
|com.example.Shop: started
|  indented
|com.example.Shop: stopped
|
|package:shop/main.dart loaded
|
|  indented
|10.0.0.1 - - [22/Nov/2026:20:00:00 +0000] "GET / HTTP/1.1" 200 17
|ERROR: connection refused
|errors: 0`},
}

func TestTraces(t *testing.T) {
	for _, c := range traces {
		t.Run(c.name, func(t *testing.T) {
			var text, want strings.Builder
			for _, line := range strings.Split(c.text[1:], "\n") {
				text.WriteString(line[1:] + "\n")
				want.WriteString(line + "\n")
			}
			var got strings.Builder
			for _, line := range strings.Split(strings.TrimSuffix(say(t, text.String(), "auto"), "\n"), "\n") {
				step, rest, _ := strings.Cut(line, "|")
				if step == marks[More] {
					got.WriteString("+" + rest + "\n")
				} else {
					got.WriteString("|" + rest + "\n")
				}
			}
			if w := strings.ReplaceAll(want.String(), "  \n", "\n"); got.String() != w {
				t.Errorf("got\n%s\nwant\n%s", got.String(), w)
			}
		})
	}
}

// Two streams written at the same time, a line of each in turn, come out as if
// each had been alone.
func TestStreamsStayApart(t *testing.T) {
	r, _ := New("auto")
	var alone [][]Step
	for _, c := range traces {
		var s State
		var steps []Step
		for _, line := range strings.Split(c.text[1:], "\n") {
			steps = append(steps, r.Next(&s, []byte(line[1:])))
		}
		alone = append(alone, steps)
	}
	states := make([]State, len(traces))
	for n := range 12 {
		for k, c := range traces {
			lines := strings.Split(c.text[1:], "\n")
			if n < len(lines) {
				if got := r.Next(&states[k], []byte(lines[n][1:])); got != alone[k][n] {
					t.Errorf("%s, line %d: %d, alone %d", c.name, n, got, alone[k][n])
				}
			}
		}
	}
}

func TestOnlyTheLanguagesThatAreNamed(t *testing.T) {
	for _, c := range []struct {
		language, line string
		want           Step
	}{
		{"go", "java.lang.Exception: boom", Alone},
		{"java", "panic: boom", Alone},
		{"java", "java.lang.Exception: boom", Begin},
		{"Go", "panic: boom", Begin},
		{"ruby", `Started GET "/" for 127.0.0.1`, Alone},
		{"rails", `Started GET "/" for 127.0.0.1`, Begin},
		{"python", "thread 'main' panicked at x.rs:1:1:", Alone},
		{"rust", "thread 'main' panicked at x.rs:1:1:", Begin},
		{"dart", "Unhandled exception:", Begin},
		{"js", "/app/x.js:3", Begin},
		{"php", "/app/x.js:3", Alone},
	} {
		r, err := New(c.language)
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if got := r.Next(&s, []byte(c.line)); got != c.want || s.Open() != (c.want == Begin) {
			t.Errorf("%s: %q: %d, open %v", c.language, c.line, got, s.Open())
		}
	}
	for _, names := range [][]string{nil, {"cobol"}, {"java", "cobol"}} {
		if _, err := New(names...); err == nil || !strings.Contains(err.Error(), "auto") {
			t.Errorf("New(%q): %v", names, err)
		}
	}
}

func TestFirstLine(t *testing.T) {
	r := FirstLine(regexp.MustCompile(`^\d{4}-`))
	var s State
	for n, c := range []struct {
		line string
		want Step
	}{{"no first line before it", Begin}, {"more", More}, {"2026-11-22 a", Begin}, {"", More}, {"{}", More}, {"2026-11-23 b", Begin}} {
		if got := r.Next(&s, []byte(c.line)); got != c.want {
			t.Errorf("line %d: %d, want %d", n, got, c.want)
		}
	}
	if !s.Open() {
		t.Error("not open")
	}
	if s.Reset(); s.Open() || r.Next(&s, []byte("rest")) != Begin {
		t.Error("a stream that was reset begins anew")
	}
}

func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r, _ := New("auto")
	var lines [][]byte
	for _, c := range traces {
		for _, line := range strings.Split(c.text[1:], "\n") {
			lines = append(lines, []byte(line[1:]))
		}
	}
	var s State
	if n := testing.AllocsPerRun(100, func() {
		for _, line := range lines {
			r.Next(&s, line)
		}
	}); n != 0 {
		t.Errorf("%v allocations for %d lines", n, len(lines))
	}
}

// Any bytes get a step, and no line goes on with nothing.
func FuzzNext(f *testing.F) {
	for _, c := range traces {
		f.Add(strings.NewReplacer("\n|", "\n", "\n+", "\n").Replace(c.text))
	}
	r, _ := New("auto")
	f.Fuzz(func(t *testing.T, text string) {
		var s State
		for n, line := range strings.Split(text, "\n") {
			open := s.Open()
			switch step := r.Next(&s, []byte(line)); {
			case step == More && !open:
				t.Fatalf("line %d goes on with nothing", n)
			case step == Alone && s.Open():
				t.Fatalf("line %d stands alone, and is open", n)
			}
		}
	})
}

func BenchmarkNext(b *testing.B) {
	r, _ := New("auto")
	for name, line := range map[string]string{
		"json":  `{"time":"2026-11-22T20:00:00Z","level":"info","msg":"order shipped","order":17}`,
		"text":  `2026-11-22T20:00:00.123Z INFO  [http-nio-8080-exec-1] com.example.Shop - order 17 shipped in 12 ms`,
		"frame": "\tat com.example.Shop.order(Shop.java:3)",
	} {
		b.Run(name, func(b *testing.B) {
			var s State
			text := []byte(line)
			b.ReportAllocs()
			for b.Loop() {
				r.Next(&s, text)
			}
		})
	}
}
