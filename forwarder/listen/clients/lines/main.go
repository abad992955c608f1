// Command lines prints numbered lines on its standard output, for a container
// whose log Docker sends on, and waits until it is ended: what Docker has not
// sent on ten seconds after a container's end it drops.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	n := flag.Int("n", 1, "lines")
	size := flag.Int("size", 0, "bytes of each beside its number")
	flag.Parse()
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	text := strings.Repeat("x", *size)
	out := bufio.NewWriter(os.Stdout)
	for i := range *n {
		fmt.Fprintf(out, "line %d %s\n", i, text)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
	<-end
}
