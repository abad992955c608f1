// Command logapp writes numbered lines, as an application of the kubelet test.
//
// A line is "NAME/STREAM N text", N counting from 0 in each stream of one run;
// the last one of a stream is "NAME/STREAM N end". What is missing or there
// twice can be told from the lines alone.
//
// With -more each line but the last is followed by a second one, "\tmore".
//
//	logapp [-name NAME] [-n LINES] [-rate LINES_A_SECOND] [-size BYTES] [-long N] [-more] [-stay] [-exit CODE] [-pause]
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	name := flag.String("name", cmp.Or(os.Getenv("LOGAPP_NAME"), "logapp"), "first word of each line")
	n := flag.Int("n", 0, "lines to write to each stream; 0: until TERM")
	rate := flag.Int("rate", 10, "lines a second to each stream")
	size := flag.Int("size", 120, "bytes of a line")
	long := flag.Int("long", 0, "every so many lines one of 40,000 bytes, which the runtime splits; 0: none")
	more := flag.Bool("more", false, "behind each line a second one")
	stay := flag.Bool("stay", false, "wait for TERM after the last line")
	exit := flag.Int("exit", 0, "exit status")
	pause := flag.Bool("pause", false, "write nothing and wait for TERM")
	flag.Parse()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	if *pause || strings.HasSuffix(os.Args[0], "pause") {
		<-stop
		return
	}
	w := &writer{name: fmt.Sprintf("%s.%d", *name, time.Now().UnixNano()), size: *size, long: *long, more: *more}
	if w.write(*n, *rate, stop) && *stay {
		<-stop
	}
	os.Exit(*exit)
}

type writer struct {
	name       string
	size, long int
	more       bool
}

// write writes n lines at a steady rate, or until stop; it reports whether it
// came to the end.
func (w *writer) write(n, rate int, stop <-chan os.Signal) bool {
	out := []*bufio.Writer{bufio.NewWriterSize(os.Stdout, 1<<16), bufio.NewWriterSize(os.Stderr, 1<<16)}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	start, i, stopped := time.Now(), 0, false
	for !stopped && (n == 0 || i < n) {
		due := 1 + int(time.Since(start).Seconds()*float64(rate))
		for ; i < due && (n == 0 || i < n); i++ {
			w.line(out[0], "stdout", i)
			w.line(out[1], "stderr", i)
		}
		flush(out)
		select {
		case <-stop:
			stopped = true
		case <-tick.C:
		}
	}
	fmt.Fprintf(out[0], "%s/stdout %d end\n", w.name, i)
	fmt.Fprintf(out[1], "%s/stderr %d end\n", w.name, i)
	flush(out)
	return !stopped
}

const filler = "the quick brown fox jumps over the lazy dog "

func (w *writer) line(out *bufio.Writer, stream string, i int) {
	head := fmt.Sprintf("%s/%s %d ", w.name, stream, i)
	size := w.size
	if w.long > 0 && i%w.long == w.long-1 {
		size = 40_000
	}
	out.WriteString(head)
	for left := size - len(head); left > 0; left -= len(filler) {
		out.WriteString(filler[:min(left, len(filler))])
	}
	out.WriteByte('\n')
	if w.more {
		out.WriteString("\tmore\n")
	}
}

func flush(out []*bufio.Writer) {
	for _, o := range out {
		o.Flush()
	}
}
