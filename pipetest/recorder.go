package pipetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/event"
	"sluice/sink/format"
)

// Outcome is a line of a file of what comes out: where one record went.
type Outcome struct {
	Output  string `json:"output,omitempty"`  // the name or @id of the output
	Dropped string `json:"dropped,omitempty"` // or of the filter or match that dropped it; NoMatch
	Tag     string `json:"tag"`
	Time    string `json:"time"`
	Record  any    `json:"record"`
}

// NoMatch is what drops records that no match takes.
const NoMatch = "no match"

// recorder notes where records went. Everything runs on one goroutine.
type recorder struct {
	form *format.Formatter
	list []noted
	err  error // the first
}

type noted struct {
	pos     uint64 // of the record that came in
	outcome Outcome
}

func newRecorder() (*recorder, error) {
	form, err := format.New(format.DefaultConfig("json"), format.DefaultInject())
	return &recorder{form: form}, err
}

// note notes b's record i; where has Output or Dropped.
func (r *recorder) note(where Outcome, b *event.Batch, i int) {
	where.Tag, where.Time = b.Tag, format.TimeOf(b, i).UTC().Format(time.RFC3339Nano)
	if err := decode(r.form.Append(nil, b, i), &where.Record); err != nil {
		r.err = cmp.Or(r.err, fmt.Errorf("record %d cannot be shown: %w", b.Recs[i].ID.Position()+1, err))
	}
	r.list = append(r.list, noted{b.Recs[i].ID.Position(), where})
}

// lines are the outcomes in the order of the records that came in, as JSON.
func (r *recorder) lines() (list []string, err error) {
	slices.SortStableFunc(r.list, func(a, b noted) int { return cmp.Compare(a.pos, b.pos) })
	for _, n := range r.list {
		line, err := n.outcome.line()
		if err != nil {
			return nil, err
		}
		list = append(list, line)
	}
	return list, r.err
}

// line is the one way to write an outcome: names sorted, numbers as they came.
func (o Outcome) line() (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return "", fmt.Errorf("cannot write an outcome: %w", err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// sink stands in the place of an output's.
type sink struct {
	r    *recorder
	name string
}

// Encode implements forwarder.Sink: it notes the records, and makes no block.
func (s sink) Encode(_ *event.Blocks, b *event.Batch) {
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			s.r.note(Outcome{Output: s.name}, b, i)
		}
	}
}

// Deliver implements forwarder.Sink; there is nothing to deliver.
func (sink) Deliver(context.Context, *event.Chunk) (event.Verdict, error) {
	return event.Verdict{}, nil
}
