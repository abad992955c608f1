// Package stdout writes records to the program's standard output.
//
// Promise: what Deliver answers for was written whole; two chunks are never
// mixed within a line.
package stdout

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"sluice/event"
	"sluice/sink/format"
)

// Config is Fluentd's match stdout.
type Config struct {
	Format format.Config `conf:"format"`
	Inject format.Inject `conf:"inject"`

	Out io.Writer // nil: os.Stdout
}

// DefaultConfig is Fluentd's.
func DefaultConfig() Config {
	return Config{Format: format.DefaultConfig("stdout"), Inject: format.DefaultInject()}
}

// Sink writes lines.
type Sink struct {
	form *format.Formatter
	mu   sync.Mutex
	out  io.Writer
}

// New makes the sink. Its error names the setting.
func New(cfg Config) (*Sink, error) {
	form, err := format.New(cfg.Format, cfg.Inject)
	if err != nil {
		return nil, err
	}
	s := &Sink{form: form, out: cfg.Out}
	if s.out == nil {
		s.out = os.Stdout
	}
	return s, nil
}

// Encode writes each live record of b as a line.
func (s *Sink) Encode(dst *event.Blocks, b *event.Batch) {
	var blk *event.Block
	for i := range b.Recs {
		r := &b.Recs[i]
		if r.State != event.Live {
			continue
		}
		if blk == nil {
			blk = dst.For("")
		}
		blk.Body = s.form.Append(blk.Body, b, i)
		if n := len(blk.Body); n > 0 && blk.Body[n-1] != '\n' {
			blk.Body = append(blk.Body, '\n')
		}
		blk.Close(r.ID, r.Weight)
	}
}

// Deliver writes the chunk.
func (s *Sink) Deliver(_ context.Context, c *event.Chunk) (event.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range c.Blocks {
		if _, err := s.out.Write(b.Body); err != nil {
			return event.Verdict{}, fmt.Errorf("cannot write to standard output: %w", err)
		}
	}
	return event.Verdict{Accepted: uint32(c.Len())}, nil
}
