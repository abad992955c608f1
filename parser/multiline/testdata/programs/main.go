// Command main writes stack traces of many kinds, as Go does, for the samples beside it.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"syscall"
	"time"
)

type order struct{ n int }

func (o *order) ship(n int) int { return o.n + n }

func deep(n int) {
	if n == 0 {
		panic(fmt.Errorf("cannot ship: %w", errors.New("no\nstock")))
	}
	deep(n - 1)
}

func rec(n int) int { return rec(n+1) + 1 }

func main() {
	log.SetFlags(0)
	log.Print("2026-11-22T20:00:00Z info started")
	var wg sync.WaitGroup
	switch os.Args[1] {
	case "nil":
		var o *order
		o.ship(1)
	case "panic":
		deep(3)
	case "repanic":
		defer func() { panic(fmt.Sprint("again: ", recover())) }()
		deep(1)
	case "deadlock":
		var mu sync.Mutex
		mu.Lock()
		mu.Lock()
	case "map":
		m := map[int]int{}
		for g := range 8 {
			wg.Go(func() {
				for n := range 1000000 {
					m[n] = g
				}
			})
		}
		wg.Wait()
	case "quit":
		wg.Go(func() { time.Sleep(time.Hour) })
		time.Sleep(50 * time.Millisecond)
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		wg.Wait()
	case "stack":
		rec(0)
	case "race":
		n := 0
		for range 2 {
			wg.Go(func() { n++; time.Sleep(time.Millisecond); n++ })
		}
		wg.Wait()
	case "http":
		log.SetFlags(log.LstdFlags)
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { deep(0) }))
		http.Get(s.URL)
		log.Print("next request")
		s.Close()
	}
	log.Print("2026-11-22T20:00:09Z info stopping")
}
