package elastic

import (
	"bytes"
	"unsafe"

	"sluice/event"
	"sluice/wire/quote"
)

// encoder is what one Encode works with. It is pooled; between batches it keeps
// only capacity, and the names and the second that neighbours mostly share.
type encoder struct {
	writer
	clock clock
	sink  *Sink
	batch *event.Batch
	frag  *fragment
	tag   []byte // the members that say the batch's tag, with a comma in front

	plans   []plan // of the batch's keys
	round   uint32 // of plans
	record  uint32 // of plan.seen
	dated   bool   // a record's time and date may not be the one it has in UTC
	untimed bool   // the record gets no @timestamp
	names   []byte // keys as JSON, with colon
	taken   map[string]struct{}

	days   []dayBlock
	target []byte
	field  []byte            // of a record that names its own id and the like
	behind string            // its document; empty: its line ends
	keys   map[string]string // names of indices, so that the same is made once
}

// plan is how a key of the batch is written. It holds in the round it was made.
type plan struct {
	round    uint32
	from, to uint32 // its name in names
	seen     uint32 // the last record that had it
	slot     slot
}

type dayBlock struct {
	day   int64 // or hour, or what else the index's name tells apart
	block *event.Block
}

// maxKeys bounds encoder.keys: names of indices change with tags and days.
const maxKeys = 256

// Encode writes each live record of b as one bulk item into the block of its
// index or data stream. Time of a record that has none is when it was read.
func (s *Sink) Encode(dst *event.Blocks, b *event.Batch) {
	e := s.encoders.Get().(*encoder)
	e.begin(b)
	for i := range b.Recs {
		r := &b.Recs[i]
		if r.State != event.Live {
			continue
		}
		t := r.Time
		if t.IsZero() {
			t = event.Time{Sec: b.Read / 1e9, Nsec: uint32(b.Read % 1e9)}
		}
		t = clamp(t)
		date := t
		if e.dated {
			t, date = e.times(i, t)
		}
		blk := e.block(dst, date, i)
		body := blk.Body
		switch {
		case s.asks:
			body = e.action(body, i, r)
		case s.own:
			body = append(body, `{"create":{"_id":"`...)
			body = append(r.ID.Append(body), `"}}`+"\n"...)
		default:
			body = append(body, `{"create":{}}`+"\n"...)
		}
		e.record++
		start := len(body)
		if s.ecs {
			body = e.encodeECS(body, i, r, t)
		} else {
			body = e.encodeFluentd(body, i, t)
		}
		body = append(body, e.tag...)
		blk.Body = append(body, e.frag.tail...)
		if blk.Body[start+1] == ',' { // the first member, where there is no time before it
			blk.Body[start+1] = ' '
		}
		if e.behind != "" {
			blk.Body = append(blk.Body[:len(blk.Body)-1], e.behind...)
		}
		blk.Close(r.ID, r.Weight)
	}
	e.end()
	s.encoders.Put(e)
}

func (e *encoder) begin(b *event.Batch) {
	e.batch, e.frag = b, e.sink.bare
	if b.Shared != nil {
		e.frag = b.Shared.Cached(e.sink, e.sink.fragmentOf).(*fragment)
	}
	e.record = 0
	e.dated, e.untimed = e.sink.like.Dates.asks(b.Keys), false
	if e.round++; e.round == 0 { // went round: old plans would look new
		clear(e.plans)
		e.round = 1
	}
	if n := len(b.Keys); n > len(e.plans) {
		e.plans = append(e.plans, make([]plan, n-len(e.plans))...)
	}
	e.names, e.tag = e.names[:0], e.tag[:0]
	if b.Tag == "" || e.sink.ecs && e.frag.container || !e.sink.ecs && e.sink.like.TagKey == "" {
		return
	}
	if e.sink.ecs {
		e.tag = quote.Append(append(e.tag, `,"labels":{"tag":`...), bytesOf(b.Tag))
		e.tag = append(e.tag, '}')
	} else {
		e.tag = append(quote.Append(append(e.tag, ','), bytesOf(e.sink.like.TagKey)), ':')
		e.tag = quote.Append(e.tag, bytesOf(b.Tag))
	}
}

func (e *encoder) end() {
	clear(e.days)
	clear(e.taken)
	e.days, e.batch, e.frag = e.days[:0], nil, nil
}

// block returns the block of record i's index, for its time.
func (e *encoder) block(dst *event.Blocks, t event.Time, i int) *event.Block {
	if e.sink.asks {
		if own := e.ownIndex(i); own != "" {
			return dst.For(own)
		}
	}
	if e.sink.target.fields {
		return dst.For(e.key(t, i))
	}
	day := int64(0)
	if unit := e.sink.target.unit; unit > 0 {
		day = unitOf(t, unit)
	}
	for i := len(e.days) - 1; i >= 0; i-- {
		if e.days[i].day == day {
			return e.days[i].block
		}
	}
	key := e.frag.key
	if key == "" {
		key = e.key(t, i)
	}
	blk := dst.For(key)
	e.days = append(e.days, dayBlock{day, blk})
	return blk
}

// key is the name that the template index gives.
func (e *encoder) key(t event.Time, i int) string {
	if t.Sec != e.clock.sec || !e.clock.set {
		e.clock.turn(t)
	}
	e.target = e.sink.target.append(e.target[:0], e.batch, i, t, e.clock.prefix[:])
	return e.interned()
}

// interned is target as a string that is made once.
func (e *encoder) interned() string {
	if key, ok := e.keys[string(e.target)]; ok {
		return key
	}
	if len(e.keys) >= maxKeys {
		clear(e.keys)
	}
	key := string(e.target)
	e.keys[key] = key
	return key
}

// plan returns how a key is written, and whether this record already had it:
// a record's keys are distinct, and if they are not, the first one counts.
func (e *encoder) plan(k uint16) (p *plan, again bool) {
	p = &e.plans[k]
	if p.round != e.round {
		e.classify(k, p)
	}
	again = p.seen == e.record
	p.seen = e.record
	return p, again
}

func (e *encoder) classify(k uint16, p *plan) {
	name := bytesOf(e.batch.Keys[k])
	*p = plan{round: e.round, from: uint32(len(e.names))}
	if e.sink.removed(e.batch.Keys[k]) {
		p.slot = slotRemoved
		return
	}
	reserved := false
	if e.sink.ecs {
		p.slot = slotOf(e.batch.Keys[k])
		if e.frag.fixed>>p.slot&1 != 0 {
			p.slot = slotNone
		}
	} else {
		p.slot, reserved = e.frag.rootName(e.batch.Keys[k])
	}
	if reserved || !cleanKey(name) {
		name = e.rename(name, reserved)
	}
	e.names = append(quote.Append(e.names, name), ':')
	p.to = uint32(len(e.names))
}

// rename finds a name that no key of the batch has.
func (e *encoder) rename(name []byte, reserved bool) []byte {
	if e.taken == nil {
		e.taken = make(map[string]struct{})
	}
	if len(e.taken) == 0 {
		for _, k := range e.batch.Keys {
			e.taken[k] = struct{}{}
		}
	}
	n := []byte(nil)
	if cleanKey(name) {
		n = append(n, name...)
	} else {
		n = appendClean(n, name)
	}
	if reserved {
		n = append(n, '_')
	}
	for {
		if _, ok := e.taken[string(n)]; !ok {
			e.taken[string(n)] = struct{}{}
			return n
		}
		n = append(n, '_')
	}
}

// member appends a field of the batch under its own name.
func (e *encoder) member(dst []byte, p *plan, v event.Value, depth int) []byte {
	dst = append(dst, e.names[p.from:p.to]...)
	return e.value(dst, e.batch.Bytes(v), v.Kind, depth)
}

// isText reports whether a value is a string.
func (e *encoder) isText(v event.Value) bool {
	if v.Kind == event.Text {
		return true
	}
	p := e.batch.Bytes(v)
	if len(p) == 0 {
		return false
	}
	c := p[0]
	if v.Kind == event.JSON {
		return c == '"'
	}
	return c >= 0xa0 && c <= 0xbf || c >= 0xd9 && c <= 0xdb
}

// lower makes what was appended since start lower-case, as far as it is ASCII.
func lower(dst []byte, start int) {
	for i, c := range dst[start:] {
		if c >= 'A' && c <= 'Z' {
			dst[start+i] = c | 0x20
		}
	}
}

// bytesOf reads a string as bytes, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stripComma takes a comma off the end.
func stripComma(dst []byte) []byte { return bytes.TrimSuffix(dst, []byte{','}) }
