package deadletter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
)

// sink answers deliveries with what script says, one after the other, then
// takes everything. It notes what it was sent.
type sink struct {
	script []func(c *event.Chunk) (event.Verdict, error)
	sent   []string
}

func (s *sink) Deliver(_ context.Context, c *event.Chunk) (event.Verdict, error) {
	text := c.Key + ":"
	for i := range c.Len() {
		b, n := c.At(uint32(i))
		text += fmt.Sprintf(" %s@%d", b.Item(n), b.IDs[n].Position())
	}
	s.sent = append(s.sent, text)
	if len(s.script) > 0 {
		f := s.script[0]
		s.script = s.script[1:]
		return f(c)
	}
	return event.Verdict{Accepted: uint32(c.Len())}, nil
}

// fill makes a directory with five letters in two indices, and one of raw bytes.
func fill(t *testing.T) string {
	dir := t.TempDir()
	s := mustOpen(t, dir, DefaultConfig())
	every := []event.Rejection{{Item: 0}, {Item: 1}, {Item: 2}}
	other := chunk("d", "e")
	other.Key = "other"
	err := errors.Join(s.Put("es", chunk("a", "b", "c"), every), s.Put("es", other, every[:2]), s.PutRaw("forward", "p", "t", "k", "r", []byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReplay(t *testing.T) {
	type script = []func(c *event.Chunk) (event.Verdict, error)
	unknown := func(*event.Chunk) (event.Verdict, error) { return event.Verdict{}, errors.New("gone") }
	mixed := func(*event.Chunk) (event.Verdict, error) {
		return event.Verdict{Accepted: 1, Retry: []uint32{1}, Reject: []event.Rejection{{Item: 2, Status: 400, Type: "still bad"}}}, nil
	}
	split := func(c *event.Chunk) (event.Verdict, error) {
		return event.Verdict{Signal: event.Split, Retry: []uint32{0, 1, 2}}, nil
	}
	wrong := func(c *event.Chunk) (event.Verdict, error) { return event.Verdict{Accepted: 1}, nil }
	for _, c := range []struct {
		name   string
		script script
		filter Filter
		want   Outcome
		sent   string
		stays  int
	}{
		{"all is well", nil, Filter{Index: "logs-x"}, Outcome{Sent: 3}, "logs-x: a@10 b@11 c@12", 3},
		{"an unknown fate, then well", script{unknown, wrong}, Filter{Index: "logs-x"}, Outcome{Sent: 3}, "logs-x: a@10 b@11 c@12|logs-x: a@10 b@11 c@12|logs-x: a@10 b@11 c@12", 3},
		{"one again, one refused", script{mixed}, Filter{Index: "logs-x"}, Outcome{Sent: 2, Refused: 1}, "logs-x: a@10 b@11 c@12|logs-x: b@11", 4},
		{"in two parts", script{split}, Filter{Index: "logs-x"}, Outcome{Sent: 3}, "logs-x: a@10 b@11 c@12|logs-x: a@10|logs-x: b@11 c@12", 3},
		{"what cannot be sent", nil, Filter{IDs: []string{"1-6", "1-4"}}, Outcome{Sent: 1, Raw: 1}, "other: d@10", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, s := fill(t), &sink{script: c.script}
				r := Replay{Dir: dir, Sinks: map[string]Sink{"es": s}, Patience: time.Minute}
				got, err := r.Run(t.Context(), &c.filter)
				if err != nil || got != c.want || strings.Join(s.sent, "|") != c.sent {
					t.Fatalf("%+v, %v, sent %q", got, err, s.sent)
				}
				if n := len(letters(t, dir)); n != c.stays {
					t.Fatalf("%d letters stay, want %d", n, c.stays)
				}
				if got.Whole() != (c.want.Refused+c.want.Raw == 0) {
					t.Fatal("Whole")
				}
			})
		})
	}
}

func TestReplayGivesUpAndKeepsTheLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, told := fill(t), ""
		busy := func(c *event.Chunk) (event.Verdict, error) {
			v := event.Verdict{Signal: event.Throttle, Reason: "429"}
			for i := range c.Len() {
				v.Retry = append(v.Retry, uint32(i))
			}
			return v, nil
		}
		s := &sink{}
		for range 100 {
			s.script = append(s.script, busy)
		}
		r := Replay{Dir: dir, Sinks: map[string]Sink{"es": s}, Patience: time.Minute, Tell: func(text string) { told += text }}
		got, err := r.Run(t.Context(), &Filter{Index: "logs-x"})
		if err != nil || got != (Outcome{Failed: 3}) || !strings.Contains(told, "429") || len(letters(t, dir)) != 6 {
			t.Fatalf("%+v, %v, %q", got, err, told)
		}
		r = Replay{Dir: dir, Patience: time.Minute}
		if got, err := r.Run(t.Context(), &Filter{Index: "logs-x"}); err != nil || got != (Outcome{Unknown: 3}) {
			t.Fatalf("an output that is not there: %+v, %v", got, err)
		}
	})
}
