package filter

import (
	"container/list"
	"context"
	"math"
	"sync"
	"time"

	"sluice/event"
	"sluice/parser/multiline"
)

// step says what becomes of a record in a joiner.
type step uint8

const (
	stepPass  step = iota // it goes on as it is, beside what is open
	stepHold              // it goes on with what is open, or begins it; more may come
	stepEnd               // the same, and nothing more comes
	stepNew               // what is open ends before it; it begins something
	stepAlone             // what is open ends before it; it goes on as it is
)

// A joiner makes one record of several. What is open for a key holds a copy of
// its first record, the texts so far, and a share of the receipt of each batch
// they came in.
type joiner struct {
	field     accessor      // whose texts are joined; not within another
	separator string        // between them
	breaks    bool          // only where the text does not end in a newline
	wait      time.Duration // with nothing more coming, what is open goes on after so long
	firstTime bool          // a joined record has its first part's time, else its last's
	partial   bool          // what goes on by time is incomplete
	keeper    Keeper        // of what a client waits for; may be nil
	maxLines  int           // what is open ends with so many parts
	maxBytes  int           // or so many bytes
	total     int           // bytes of all that is open; beyond them the oldest ends

	mu      sync.Mutex
	open    map[string]*list.Element // of *held
	order   *list.List               // the one that grew last at the back
	bytes   int
	kept    map[event.ID]*held // the records of what is open that are kept
	scratch []byte             // of the judges
	raw     []byte             // the record at hand, for the keeper
}

// Bounds of what may be open, where settings give none.
const (
	joinLines = 50000 // weights have 16 bits
	joinBytes = 4 << 20
	joinTotal = 16 << 20
)

// held is what is open for one key.
type held struct {
	key    string
	state  multiline.State // of detect_exceptions
	first  *event.Batch    // its first record alone
	text   []byte
	last   event.Record // its newest
	parts  []event.Part
	ids    []event.ID // those kept
	raw    []byte     // to be kept
	weight int
	lines  int
	size   int
	seen   time.Time
	late   event.Emit
}

func newJoiner(field accessor) *joiner {
	return &joiner{
		field: field, maxLines: joinLines, maxBytes: joinBytes, total: joinTotal,
		open: map[string]*list.Element{}, order: list.New(),
	}
}

// pass is one batch on its way through a joiner.
type pass struct {
	*joiner
	b        *event.Batch
	text     reader
	now      time.Time
	imported []event.Part // of records that came in earlier batches and go on in this one
	urgent   bool         // a client waits for one of them
	evicted  []*held
	emit     event.Emit
	late     event.Emit
	state    multiline.State // of the record at hand, for detect_exceptions
}

// judge says which key record i has, what its text is, and what becomes of it.
// The joiner's lock is held.
type judge func(p *pass, i int) (key, text []byte, s step)

// process takes b's live records through judge and hands b on.
func (j *joiner) process(ctx context.Context, b *event.Batch, emit, late event.Emit, begin func(p *pass) judge) error {
	if !anyLive(b) {
		return emit(ctx, b)
	}
	p := &pass{joiner: j, b: b, now: time.Now(), emit: emit, late: late}
	j.mu.Lock()
	p.text = j.field.on(b)
	decide := begin(p)
	for i := 0; i < len(b.Recs); i++ {
		if b.Recs[i].State == event.Live {
			if p.keeps() {
				p.note(i) // before a judge takes fields away
			}
			if p.again(i) {
				continue
			}
			key, text, s := decide(p, i)
			i = p.apply(i, key, text, s)
		}
	}
	for j.bytes > j.total {
		h := j.take(j.order.Front().Value.(*held))
		j.alone(h)
		p.evicted = append(p.evicted, h)
	}
	p.keep()
	j.mu.Unlock()
	if err := letGo(ctx, p.evicted, j.partial); err != nil {
		return err
	}
	return p.handOn(ctx)
}

// handOn emits the batch; while it is on its way its receipt is also that of
// the records that came earlier.
func (p *pass) handOn(ctx context.Context) error {
	if len(p.imported) == 0 {
		return p.emit(ctx, p.b)
	}
	own := p.b.Ack
	own.Fork(1)
	p.b.Ack = event.JoinAcks(append(p.imported, event.Part{Ack: own, Weight: math.MaxInt}))
	urgent := p.b.Urgent
	p.b.Urgent = urgent || p.urgent
	defer func() { p.b.Ack, p.b.Urgent = own, urgent }()
	err := p.emit(ctx, p.b)
	if err == nil {
		p.b.Ack.Done()
	}
	return err
}

// apply does what was decided of record i and returns where it stands now.
func (p *pass) apply(i int, key, text []byte, s step) int {
	var h *held
	if el := p.open[string(key)]; el != nil && s != stepPass {
		h = el.Value.(*held)
	}
	if h != nil && (s == stepHold || s == stepEnd) && (h.lines >= p.maxLines || h.size+len(text) > p.maxBytes) {
		i = p.endBefore(i, h) // too much: the rest begins anew
		h = nil
	}
	switch s {
	case stepHold:
		p.hold(i, h, key, text)
	case stepEnd:
		if h != nil {
			p.append(h, i, text)
			p.finish(i, h)
		}
	case stepNew:
		if h == nil {
			p.hold(i, nil, key, text)
			return i
		}
		i = p.endBefore(i, h)
		p.hold(i, nil, key, text)
	case stepAlone:
		if h != nil {
			return p.endBefore(i, h)
		}
	}
	return i
}

// hold takes record i out of the batch and keeps it.
func (p *pass) hold(i int, h *held, key, text []byte) {
	if h == nil {
		h = p.begin(i, key)
	}
	p.append(h, i, text)
	p.noted(h, i)
	p.b.Recs[i].State = event.Dropped
}

// begin opens what record i is the first of.
func (p *pass) begin(i int, key []byte) *held {
	b := p.b
	h := &held{key: string(key), first: &event.Batch{Stream: b.Stream, Tag: b.Tag, Shared: b.Shared, Read: b.Read, Urgent: b.Urgent}}
	h.first.Begin(b.Recs[i])
	for _, f := range b.FieldsOf(i) {
		v := f.Val
		if f.Key == p.text.key {
			v.Len = 0 // it is replaced
		}
		h.first.Add(h.first.KeyString(b.Keys[f.Key]), h.first.Put(b.Bytes(v), v.Kind))
	}
	h.size = len(h.first.Arena) + 64*len(h.first.Fields) + 512
	p.bytes += h.size
	p.open[h.key] = p.order.PushBack(h)
	return h
}

// append adds record i's text and its share of the receipt.
func (p *pass) append(h *held, i int, text []byte) {
	r := &p.b.Recs[i]
	before := len(h.text)
	if n := len(h.text); h.lines > 0 && (!p.breaks || n == 0 || h.text[n-1] != '\n') {
		h.text = append(h.text, p.separator...)
	}
	h.text = append(h.text, text...)
	h.size += len(h.text) - before
	p.bytes += len(h.text) - before
	h.lines++
	h.weight += int(r.Weight)
	h.last, h.seen, h.late, h.state = *r, p.now, p.late, p.state
	p.share(h, int(r.Weight))
	p.order.MoveToBack(p.open[h.key])
}

// share gives h a share of the batch's receipt, if it has none yet.
func (p *pass) share(h *held, weight int) {
	if n := len(h.parts); n > 0 && h.parts[n-1].Ack == p.b.Ack {
		h.parts[n-1].Weight += weight
		return
	}
	p.b.Ack.Fork(1)
	h.parts = append(h.parts, event.Part{Ack: p.b.Ack, Weight: weight})
}

// take closes h.
func (j *joiner) take(h *held) *held {
	j.order.Remove(j.open[h.key])
	delete(j.open, h.key)
	for _, id := range h.ids {
		delete(j.kept, id)
	}
	j.bytes -= h.size
	return h
}

// finish makes record i, the last of h, the joined one.
func (p *pass) finish(i int, h *held) {
	p.own(p.take(h))
	p.place(p.b, i, h)
}

// endBefore puts what h joined before record i, which it returns the place of.
func (p *pass) endBefore(i int, h *held) int {
	p.own(p.take(h))
	p.b.Recs = append(p.b.Recs, event.Record{})
	copy(p.b.Recs[i+1:], p.b.Recs[i:])
	p.b.Recs[i] = event.Record{Field0: uint32(len(p.b.Fields))}
	p.place(p.b, i, h)
	return i + 1
}

// own makes the parts of h the batch's; what came in this batch has its share
// already.
func (p *pass) own(h *held) {
	for _, part := range h.parts {
		if part.Ack == p.b.Ack {
			part.Ack.Done()
		} else {
			p.imported = append(p.imported, part)
			p.urgent = p.urgent || h.first.Urgent
		}
	}
}

// place makes record i of b what h joined. The fields that only record i has
// stay.
func (j *joiner) place(b *event.Batch, i int, h *held) {
	for _, f := range h.first.FieldsOf(0) {
		name, v := h.first.Keys[f.Key], event.Value{}
		if name == j.field.top {
			v = b.Put(h.text, event.Text)
		} else {
			v = b.Put(h.first.Bytes(f.Val), f.Val.Kind)
		}
		b.Set(i, b.KeyString(name), v)
	}
	r := &b.Recs[i]
	r.Time, r.ID, r.Pos, r.State = h.last.Time, h.last.ID, h.first.Recs[0].Pos, event.Live
	r.Weight = uint16(min(h.weight, math.MaxUint16))
	r.Flags = h.first.Recs[0].Flags | h.last.Flags
	if h.lines > 1 {
		r.Flags |= event.Multiline
	}
	if j.firstTime {
		r.Time = h.first.Recs[0].Time
	}
}

// flush lets go what has grown for the last time long ago.
func (j *joiner) flush(ctx context.Context, now time.Time, all bool) error {
	j.mu.Lock()
	var due []*held
	for el := j.order.Front(); el != nil; el = j.order.Front() {
		h := el.Value.(*held)
		if !all && (j.wait <= 0 || now.Sub(h.seen) < j.wait) {
			break
		}
		due = append(due, j.take(h))
	}
	j.mu.Unlock()
	for _, h := range due {
		j.alone(h)
	}
	return letGo(ctx, due, j.partial)
}

// alone makes h's own batch hold what it joined.
func (j *joiner) alone(h *held) {
	joined := &event.Batch{Stream: h.first.Stream, Tag: h.first.Tag, Shared: h.first.Shared, Read: h.first.Read, Urgent: h.first.Urgent}
	joined.Begin(event.Record{})
	j.place(joined, 0, h)
	joined.Ack = event.JoinAcks(h.parts)
	h.first = joined
}

// letGo emits what alone made.
func letGo(ctx context.Context, list []*held, partial bool) error {
	for _, h := range list {
		if partial {
			h.first.Recs[0].Flags |= event.Partial
		}
		if err := h.late(ctx, h.first); err != nil {
			return err
		}
		h.first.Ack.Done()
	}
	return nil
}
