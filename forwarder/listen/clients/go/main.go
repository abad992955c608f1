// Command go sends records with fluent-logger-golang: see package clients.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
)

// senders share the records: with acknowledgements one waits for each.
const senders = 8

func on(name string) bool { return os.Getenv(name) == "1" }

func number(name string) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return n
}

func config() fluent.Config {
	cfg := fluent.Config{
		FluentHost: os.Getenv("HOST"), RequestAck: on("ACK"), SubSecondPrecision: on("EVENTTIME"), MarshalAsJSON: on("JSON"),
		Async: on("ASYNC"), BufferLimit: 100_000, WriteTimeout: time.Minute, ReadTimeout: time.Minute,
	}
	switch {
	case os.Getenv("SOCKET") != "":
		cfg.FluentNetwork, cfg.FluentSocketPath = "unix", os.Getenv("SOCKET")
	case on("TLS"): // it trusts what SSL_CERT_FILE holds
		cfg.FluentNetwork = "tls"
	}
	if cfg.FluentSocketPath == "" {
		cfg.FluentPort = number("PORT")
	}
	return cfg
}

func main() {
	count := number("COUNT")
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			if err := send(s, count); err != nil {
				log.Fatal(err)
			}
		})
	}
	wg.Wait()
}

func send(first, count int) error {
	logger, err := fluent.New(config())
	if err != nil {
		return fmt.Errorf("cannot make the logger: %w", err)
	}
	for i := first; i < count; i += senders {
		now := time.Now()
		record := map[string]any{
			"seq": i, "at": fmt.Sprintf("%d.%09d", now.Unix(), now.Nanosecond()), "message": "from Go",
			"nested": map[string]any{"a": []any{1, 2.5, true, nil, "é"}},
		}
		if err := logger.PostWithTime(os.Getenv("TAG"), now, record); err != nil {
			return fmt.Errorf("cannot send record %d: %w", i, err)
		}
	}
	if err := logger.Close(); err != nil {
		return fmt.Errorf("cannot close the logger: %w", err)
	}
	return nil
}
