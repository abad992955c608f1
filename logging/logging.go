// Package logging makes the program's own logger.
//
// Promise: one line per record on the given writer, as text or JSON; a message
// that repeats without end cannot flood it, and how often it was held back is
// told. It never blocks on anything but the writer.
package logging

import (
	"io"
	"log/slog"
	"time"
)

// Config is how the program logs.
type Config struct {
	Level  string `conf:"level,oneof=debug|info|warn|error"`
	Format string `conf:"format,oneof=text|json"`
}

// DefaultConfig logs from info on, as text.
func DefaultConfig() Config { return Config{Level: "info", Format: "text"} }

// New makes a logger. flush writes what is still held back, before the program
// ends; an unknown level or format is the default's.
func New(cfg Config, w io.Writer) (log *slog.Logger, flush func()) {
	var level slog.Level // info
	_ = level.UnmarshalText([]byte(cfg.Level))
	opts := &slog.HandlerOptions{Level: level}
	var next slog.Handler = slog.NewTextHandler(w, opts)
	if cfg.Format == "json" {
		next = slog.NewJSONHandler(w, opts)
	}
	h := Limit(next, 20, 10*time.Second)
	return slog.New(h), h.Flush
}
