package stdout

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"sluice/event"
)

func TestLines(t *testing.T) {
	var out bytes.Buffer
	cfg := DefaultConfig()
	cfg.Format.UTC, cfg.Out = true, &out
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{Tag: "a.b"}
	for i := range 3 {
		b.Begin(event.Record{Time: event.Time{Sec: int64(i)}, Weight: 1})
		b.Add(b.KeyString("m"), b.PutString("x", event.Text))
	}
	b.Recs[1].State = event.Dropped
	bs := event.Blocks{New: func() *event.Block { return &event.Block{} }}
	s.Encode(&bs, b)
	c := &event.Chunk{Blocks: bs.List}
	if v, err := s.Deliver(context.Background(), c); err != nil || v.Accepted != 2 {
		t.Fatalf("%+v %v", v, err)
	}
	const want = "1970-01-01 00:00:00.000000000 +0000 a.b: {\"m\":\"x\"}\n1970-01-01 00:00:02.000000000 +0000 a.b: {\"m\":\"x\"}\n"
	if out.String() != want {
		t.Errorf("%q", out.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no pipe") }

func TestAClosedPipeIsAnError(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Out = broken{}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Deliver(context.Background(), &event.Chunk{Blocks: []*event.Block{{Body: []byte("x\n")}}}); err == nil {
		t.Error("no error")
	}
}
