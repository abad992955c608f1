package elastic

import "sluice/event"

// encodeFluentd appends the document up to the members that the batch shares.
func (e *encoder) encodeFluentd(dst []byte, i int, t event.Time) []byte {
	fields := e.batch.FieldsOf(i)
	own := e.ownTime(fields)
	if own < 0 && (e.untimed || !e.sink.like.Timestamp) {
		dst = append(dst, '{')
		return e.members(dst, fields, -1)
	}
	dst = append(dst, `{"@timestamp":`...)
	if own < 0 {
		dst = append(e.clock.append(append(dst, '"'), t), `+00:00"`...)
	} else {
		v := fields[own].Val
		dst = e.value(dst, e.batch.Bytes(v), v.Kind, 1)
	}
	return e.members(dst, fields, own)
}

// members appends the fields, each with a comma in front, but for the one at
// own.
func (e *encoder) members(dst []byte, fields []event.Field, own int) []byte {
	for i := range fields {
		p, again := e.plan(fields[i].Key)
		if !again && i != own && p.slot != slotRemoved {
			dst = e.member(append(dst, ','), p, fields[i].Val, 1)
		}
	}
	return dst
}

// ownTime finds the field @timestamp if it is a string or a number: the
// record's own time is kept. -1: it has none.
func (e *encoder) ownTime(fields []event.Field) int {
	for i := range fields {
		if p := &e.plans[fields[i].Key]; p.round != e.round {
			e.classify(fields[i].Key, p)
		}
		if e.plans[fields[i].Key].slot != slotTimestamp {
			continue
		}
		v := fields[i].Val
		p := e.batch.Bytes(v)
		switch {
		case len(p) == 0:
		case e.isText(v):
			return i
		case v.Kind == event.JSON && (p[0] == '-' || p[0]-'0' <= 9):
			return i
		case v.Kind == event.Msgp && isNumber(p[0]):
			return i
		}
		return -1
	}
	return -1
}

// isNumber reports whether a msgpack value that begins with c is a number.
func isNumber(c byte) bool {
	return c <= 0x7f || c >= 0xe0 || c >= 0xca && c <= 0xd3
}
