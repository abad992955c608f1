package deadletter

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"sluice/event"
)

// Sink is where letters are sent again.
type Sink interface {
	// Deliver sends the chunk once. An error means that the fate of all items
	// is unknown.
	Deliver(ctx context.Context, c *event.Chunk) (event.Verdict, error)
}

// Bounds of one request of a replay.
const (
	replayBytes   = 1 << 20
	replayLetters = 1000
)

// Outcome is what a replay came to, in letters.
type Outcome struct {
	Sent    int `json:"sent"`    // stored now, or found to be there
	Refused int `json:"refused"` // once more: they are kept
	Failed  int `json:"failed"`  // not answered for in time: they are kept
	Raw     int `json:"raw"`     // no document to send: what an input could not take apart
	Unknown int `json:"unknown"` // of an output that the settings do not have
}

// Whole reports that every letter was sent.
func (o Outcome) Whole() bool { return o.Refused+o.Failed+o.Raw+o.Unknown == 0 }

// Replay sends letters once more.
type Replay struct {
	Dir   string
	Sinks map[string]Sink // by lane
	// Patience is how long one request is tried again while the sink is busy,
	// away, or has its set-up to be mended.
	Patience time.Duration
	// Tell is told why letters stay, in words for people; it may be nil.
	Tell func(text string)

	outcome Outcome
	groups  map[groupKey]*group
}

// groupKey is what letters of one request have in common.
type groupKey struct{ lane, key string }

// group is letters that are sent together, and their chunk.
type group struct {
	entries []*Entry // by item
	block   *event.Block
}

// Run replays the letters that match. They go out with the ids they had, so a
// letter that was stored after all is not stored twice; what the sink takes is
// removed, and what it refuses stays. An error says that the directory could
// not be read or written; what was sent by then is in the outcome.
func (r *Replay) Run(ctx context.Context, f *Filter) (Outcome, error) {
	r.groups = map[groupKey]*group{}
	err := Scan(r.Dir, func(e *Entry) error {
		if !f.Match(e) {
			return nil
		}
		return r.take(ctx, e)
	})
	for k, g := range r.groups {
		if err == nil {
			err = r.flush(ctx, k, g)
		}
	}
	return r.outcome, err
}

func (r *Replay) take(ctx context.Context, e *Entry) error {
	var id event.ID
	if n, err := base64.RawURLEncoding.Decode(id[:], []byte(e.ID)); e.Lane == "" || err != nil || n != len(id) {
		r.outcome.Raw++
		return nil
	}
	if r.Sinks[e.Lane] == nil {
		r.outcome.Unknown++
		r.tell("letter %s: the settings have no output %q", e.Name(), e.Lane)
		return nil
	}
	k := groupKey{e.Lane, e.Key}
	g := r.groups[k]
	if g == nil {
		g = &group{block: &event.Block{Key: e.Key, Tag: e.Tag}}
		r.groups[k] = g
	}
	g.block.Body = append(g.block.Body, e.Bytes()...)
	g.block.Close(id, 1)
	e.Item, e.ItemBytes = "", nil // the block has it
	g.entries = append(g.entries, e)
	if len(g.entries) < replayLetters && len(g.block.Body) < replayBytes {
		return nil
	}
	delete(r.groups, k)
	return r.flush(ctx, k, g)
}

// flush sends a group and removes what was taken.
func (r *Replay) flush(ctx context.Context, k groupKey, g *group) error {
	c := &event.Chunk{Key: k.key, Blocks: []*event.Block{g.block}}
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	return r.send(ctx, r.Sinks[k.lane], c, g.entries)
}

// send sends the chunk until every item is answered for, or time is up.
// entries are its items' letters.
func (r *Replay) send(ctx context.Context, s Sink, c *event.Chunk, entries []*Entry) error {
	for wait := 100 * time.Millisecond; len(entries) > 0; wait = min(2*wait, 5*time.Second) {
		n := c.Len()
		c.Tries++
		v, err := s.Deliver(ctx, c)
		if err == nil && !v.Counts(n) {
			err = errors.New("the answer speaks for another number of items")
		}
		reason := v.Reason
		if err == nil {
			if entries, err = r.judge(c, &v, entries); err != nil || len(entries) == 0 {
				return err
			}
			if (v.Signal == event.TooLarge || v.Signal == event.Split) && len(entries) > 1 {
				return r.halve(ctx, s, c, entries)
			}
		} else {
			reason = err.Error()
		}
		select {
		case <-time.After(wait):
			continue
		case <-ctx.Done():
		}
		r.outcome.Failed += len(entries)
		r.tell("%d letters for %s: not answered for in time: %s", len(entries), c.Key, reason)
		return nil
	}
	return nil
}

// judge removes the letters that were taken and returns those to send again,
// which are what is left in c.
func (r *Replay) judge(c *event.Chunk, v *event.Verdict, entries []*Entry) (again []*Entry, err error) {
	stays := make([]bool, len(entries))
	for _, x := range v.Reject {
		stays[x.Item] = true
		r.outcome.Refused++
		r.tell("letter %s is refused again: %d %s: %s", entries[x.Item].Name(), x.Status, x.Type, x.Reason)
	}
	for _, i := range v.Retry {
		stays[i] = true
		again = append(again, entries[i])
	}
	var taken []*Entry
	for i, e := range entries {
		if !stays[i] {
			taken = append(taken, e)
		}
	}
	if err := Remove(r.Dir, taken); err != nil {
		return nil, fmt.Errorf("%d letters were sent, but are still there: %w", len(taken), err)
	}
	r.outcome.Sent += len(taken)
	c.Keep(v.Retry, func(*event.Block) {})
	return again, nil
}

// halve sends a chunk, which the sink does not want as one, in two.
func (r *Replay) halve(ctx context.Context, s Sink, c *event.Chunk, entries []*Entry) error {
	rest := c.Halve(func() *event.Block { return &event.Block{} })
	n := c.Len()
	if err := r.send(ctx, s, c, entries[:n]); err != nil {
		return err
	}
	return r.send(ctx, s, rest, entries[n:])
}

func (r *Replay) tell(format string, args ...any) {
	if r.Tell != nil {
		r.Tell(fmt.Sprintf(format, args...))
	}
}
