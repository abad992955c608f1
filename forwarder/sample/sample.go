// Package sample makes records out of nothing, as Fluentd's source sample
// (dummy), to try a pipeline out.
//
// Promise: as many records a second as were asked for, on the average; while
// there is no room none is made, and none is made up for later.
package sample

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/meter"
	"sluice/forwarder/netin"
	"sluice/parser"
	"sluice/setting"
)

// Config is Fluentd's source sample.
type Config struct {
	Tag              string `conf:"tag,required"`
	Sample           string `conf:"sample"` // a JSON object, or an array of objects that take turns
	Dummy            string `conf:"dummy"`  // its older name
	Rate             int    `conf:"rate"`   // records a second
	Size             int    `conf:"size"`   // of a batch
	AutoIncrementKey string `conf:"auto_increment_key"`
	ReuseRecord      bool   `conf:"reuse_record"` // makes no difference

	Name string // of the source, in accounts
}

// DefaultConfig is Fluentd's.
func DefaultConfig() Config {
	return Config{Sample: `{"message":"sample"}`, Rate: 1, Size: 1}
}

// Source makes records.
type Source struct {
	cfg     Config
	records []string
	ledger  *ledger.Ledger
	in      *meter.Input
	base    *event.Fragment
	b       event.Batch
	next    int   // of records
	count   int64 // of AutoIncrementKey
}

// New makes a source.
func New(cfg Config, l *ledger.Ledger, reg prometheus.Registerer, base *event.Fragment) (*Source, error) {
	s := &Source{cfg: cfg, ledger: l, base: base}
	text, field := cfg.Sample, "sample"
	if cfg.Dummy != "" {
		text, field = cfg.Dummy, "dummy"
	}
	ok := parser.Elements([]byte(text), func(lo, hi int) bool {
		s.records = append(s.records, text[lo:hi])
		_, _, object := parser.ObjectSpan([]byte(text[lo:hi]))
		return object
	})
	switch {
	case !ok || len(s.records) == 0:
		return nil, setting.Instead(field, field+" is neither a JSON object nor an array of objects", `write {"message":"x"}`)
	case cfg.Rate < 1:
		return nil, setting.Instead("rate", fmt.Sprintf("%d records a second are none", cfg.Rate), "write 1 or more")
	case cfg.Size < 1 || cfg.Size > 10000:
		return nil, setting.Instead("size", fmt.Sprintf("a batch cannot have %d records", cfg.Size), "write a number from 1 to 10000")
	}
	var err error
	s.in, err = meter.NewInput(reg, cfg.Name)
	return s, err
}

// tick is how often records are made, unless the rate is lower.
const tick = 100 * time.Millisecond

// Run makes records until ctx ends.
func (s *Source) Run(ctx context.Context, out netin.Out) error {
	feed := netin.NewFeed(out, s.ledger.Stream(s.cfg.Name, 0, nil), s.in, s.base)
	defer feed.Close()
	clock := time.NewTicker(tick)
	defer clock.Stop()
	begun, made := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-clock.C:
		}
		due := int(time.Since(begun).Seconds() * float64(s.cfg.Rate))
		for made < due {
			if err := feed.Wait(ctx, s.cfg.Tag); err != nil {
				return nil
			}
			if late := int(time.Since(begun).Seconds()*float64(s.cfg.Rate)) - due; late > s.cfg.Rate { // there was no room
				begun, made, due = time.Now(), 0, 1
			}
			n := min(s.cfg.Size, due-made)
			if err := s.emit(ctx, feed, n); err != nil {
				return err
			}
			made += n
		}
	}
}

func (s *Source) emit(ctx context.Context, feed *netin.Feed, n int) error {
	now := time.Now()
	s.b.Reset(s.b.Arena[:0])
	s.b.Tag, s.b.Read = s.cfg.Tag, now.UnixNano()
	for range n {
		i := len(s.b.Recs)
		s.b.Begin(event.Record{Time: event.TimeOf(now), Pos: -1, Weight: 1})
		if !parser.ParseObject(&s.b, i, s.b.PutString(s.records[s.next], event.JSON), "") {
			return errors.New("BUG: a sample that was JSON is none")
		}
		s.next = (s.next + 1) % len(s.records)
		if s.cfg.AutoIncrementKey != "" {
			at := len(s.b.Arena)
			s.b.Arena = strconv.AppendInt(s.b.Arena, s.count, 10)
			s.b.Set(i, s.b.KeyString(s.cfg.AutoIncrementKey), s.b.Since(at, event.JSON))
			s.count++
		}
	}
	return feed.Emit(context.WithoutCancel(ctx), &s.b, nil)
}
