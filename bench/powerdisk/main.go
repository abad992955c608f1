package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cannotMount is the exit status that means: not here.
const cannotMount = 3

func main() {
	dir := flag.String("dir", "", "an empty directory, to mount at")
	slow := flag.Duration("sync", 2*time.Millisecond, "how long a sync takes")
	flag.Parse()
	d := newDisk(*slow)
	s, err := mount(d, *dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "powerdisk: cannot mount by FUSE: %v\n", err)
		os.Exit(cannotMount)
	}
	// A terminal's interrupt is for whoever uses the disk: he ends the input.
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	fmt.Println("mounted")
	obey(d, os.Stdin, os.Stdout)
	if err := unmount(s, *dir); err != nil {
		fmt.Fprintf(os.Stderr, "powerdisk: cannot unmount %s: %v\n", *dir, err)
		os.Exit(1)
	}
}

// obey does what is asked for until in ends.
func obey(d *disk, in io.Reader, out io.Writer) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		verb, arg, _ := strings.Cut(lines.Text(), " ")
		seed, err := strconv.ParseUint(arg, 10, 64)
		switch {
		case verb == "off":
			d.powerOff()
			fmt.Fprintln(out, "off")
		case verb == "on" && err == nil:
			fmt.Fprintln(out, d.powerOn(seed))
		default:
			fmt.Fprintf(out, "cannot do %q: want off, or on SEED\n", lines.Text())
		}
	}
}
