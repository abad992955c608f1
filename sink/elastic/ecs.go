package elastic

import (
	"strconv"

	"sluice/event"
)

// slot is a place of the schema that a record's field may fill.
type slot uint8

const (
	slotNone slot = iota
	slotMessage
	slotLog // Docker's and Fluentd's name for the line
	slotMsg // what Go's and Node's structured loggers call it
	slotStream
	slotLogtag
	slotLevel
	slotLogger
	slotTrace // from here on: see groups
	slotSpan
	slotTransaction
	slotService
	slotServiceVersion
	slotServiceEnvironment
	slotError
	slotErrorType
	slotErrorStack
	slots
	slotTimestamp = slotMessage // of schema fluentd, which has no other
)

// slotOf returns the place of a field's name in schema ecs: names of the ECS
// logging libraries, and those that common logging libraries use for the same.
func slotOf(name string) slot {
	switch name {
	case "message":
		return slotMessage
	case "log":
		return slotLog
	case "msg":
		return slotMsg
	case "stream":
		return slotStream
	case "logtag":
		return slotLogtag
	case "log.level", "level", "severity", "loglevel":
		return slotLevel
	case "log.logger", "logger", "logger_name":
		return slotLogger
	case "trace.id", "trace_id", "traceId", "traceid":
		return slotTrace
	case "span.id", "span_id", "spanId", "spanid":
		return slotSpan
	case "transaction.id", "transaction_id":
		return slotTransaction
	case "service.name", "service", "service_name":
		return slotService
	case "service.version", "service_version":
		return slotServiceVersion
	case "service.environment":
		return slotServiceEnvironment
	case "error.message", "error", "err":
		return slotError
	case "error.type":
		return slotErrorType
	case "error.stack_trace", "stack_trace", "stacktrace":
		return slotErrorStack
	}
	return slotNone
}

// promoted are the ECS names of the slots that an application's field moves to.
var promoted = [slots]string{
	slotLevel: "log.level", slotLogger: "log.logger",
	slotTrace: "trace.id", slotSpan: "span.id", slotTransaction: "transaction.id",
	slotService: "service.name", slotServiceVersion: "service.version", slotServiceEnvironment: "service.environment",
	slotError: "error.message", slotErrorType: "error.type", slotErrorStack: "error.stack_trace",
}

// groups are the objects that promoted fields make, apart from log.
var groups = [...]struct {
	open     string
	from, to slot
	names    []string
}{
	{`,"trace":{`, slotTrace, slotTrace, []string{`"id":`}},
	{`,"span":{`, slotSpan, slotSpan, []string{`"id":`}},
	{`,"transaction":{`, slotTransaction, slotTransaction, []string{`"id":`}},
	{`,"service":{`, slotService, slotServiceEnvironment, []string{`"name":`, `"version":`, `"environment":`}},
	{`,"error":{`, slotError, slotErrorStack, []string{`"message":`, `"type":`, `"stack_trace":`}},
}

// maxKeyword is how long a promoted value may be: its place is mapped as
// keyword. Messages and stack traces are not.
const maxKeyword = 256

// chosen are the fields of a record that fill slots: their index plus one.
type chosen struct {
	at   [slots]uint32
	have uint32 // bit per slot
	rest bool   // other fields are there
}

func (c *chosen) has(s slot) bool { return c.have>>s&1 != 0 }

func (c *chosen) drop(s slot) {
	c.have &^= 1 << s
	c.rest = true
}

// choose looks at a record's fields and decides what stands where. The first
// field for a slot gets it; everything else stands under json.
func (e *encoder) choose(c *chosen, fields []event.Field) {
	for i := range fields {
		f := &fields[i]
		p, again := e.plan(f.Key)
		switch {
		case again:
		case p.slot == slotNone || c.has(p.slot) || !e.fitsSlot(p.slot, f.Val):
			c.rest = true
		default:
			c.at[p.slot] = uint32(i) + 1
			c.have |= 1 << p.slot
		}
	}
	for s := slotMessage; s < slotMsg; s++ { // the line is called message, else log, else msg
		for later := s + 1; c.has(s) && later <= slotMsg; later++ {
			if c.has(later) {
				c.drop(later)
			}
		}
	}
}

func (e *encoder) fitsSlot(s slot, v event.Value) bool {
	switch {
	case !e.isText(v):
		return false
	case s < slotLogtag, s == slotError, s == slotErrorStack:
		return true
	case s == slotLogtag: // CRI's F or P tells nothing that log.flags does not
		return e.frag.container && v.Kind == event.Text && v.Len == 1
	}
	return v.Len > 0 && v.Len <= maxKeyword
}

// encodeECS appends the document up to the members that the batch shares.
func (e *encoder) encodeECS(dst []byte, i int, r *event.Record, t event.Time) []byte {
	fields := e.batch.FieldsOf(i)
	var c chosen
	e.choose(&c, fields)
	dst = append(dst, `{"@timestamp":"`...)
	dst = append(e.clock.append(dst, t), 'Z', '"')
	for s := slotMessage; s <= slotMsg; s++ {
		if c.has(s) {
			dst = e.fill(append(dst, `,"message":`...), &c, fields, s)
		}
	}
	if c.has(slotStream) {
		dst = e.fill(append(dst, `,"stream":`...), &c, fields, slotStream)
	}
	dst = e.log(dst, &c, fields, r)
	if c.have>>slotTrace != 0 {
		dst = e.groups(dst, &c, fields)
	}
	if c.rest {
		dst = e.rest(dst, &c, fields)
	}
	return dst
}

// fill appends the value of a slot that is had.
func (e *encoder) fill(dst []byte, c *chosen, fields []event.Field, s slot) []byte {
	v := fields[c.at[s]-1].Val
	return e.value(dst, e.batch.Bytes(v), v.Kind, 2)
}

// log appends the one object log.
func (e *encoder) log(dst []byte, c *chosen, fields []event.Field, r *event.Record) []byte {
	promoted := c.have & (1<<slotLevel | 1<<slotLogger)
	if promoted == 0 && r.Flags == 0 && !e.frag.container {
		return dst
	}
	dst = append(dst, `,"log":{`...)
	if promoted != 0 {
		if c.has(slotLevel) {
			dst = append(dst, `"level":`...)
			start := len(dst)
			dst = e.fill(dst, c, fields, slotLevel)
			lower(dst, start)
			dst = append(dst, ',')
		}
		if c.has(slotLogger) {
			dst = append(e.fill(append(dst, `"logger":`...), c, fields, slotLogger), ',')
		}
	}
	if r.Flags != 0 {
		dst = appendFlags(dst, r.Flags)
	}
	if !e.frag.container {
		return append(stripComma(dst), '}')
	}
	if r.Pos >= 0 {
		dst = append(dst, `"offset":`...)
		dst = append(strconv.AppendInt(dst, r.Pos, 10), ',')
	}
	return append(dst, e.frag.log...)
}

func appendFlags(dst []byte, f event.Flags) []byte {
	dst = append(dst, `"flags":[`...)
	if f&event.Truncated != 0 {
		dst = append(dst, `"truncated",`...)
	}
	if f&event.Multiline != 0 {
		dst = append(dst, `"multiline",`...)
	}
	if f&event.Partial != 0 {
		dst = append(dst, `"partial",`...)
	}
	return append(stripComma(dst), ']', ',')
}

func (e *encoder) groups(dst []byte, c *chosen, fields []event.Field) []byte {
	for i := range groups {
		g := &groups[i]
		if c.have>>g.from&(1<<(g.to-g.from+1)-1) == 0 {
			continue
		}
		dst = append(dst, g.open...)
		for s := g.from; s <= g.to; s++ {
			if c.has(s) {
				dst = append(e.fill(append(dst, g.names[s-g.from]...), c, fields, s), ',')
			}
		}
		dst = append(stripComma(dst), '}')
	}
	return dst
}

// rest appends the object json: every field that fills no slot.
func (e *encoder) rest(dst []byte, c *chosen, fields []event.Field) []byte {
	dst = append(dst, `,"json":{`...)
	e.record++ // the plans' marks begin anew
	for i := range fields {
		p, again := e.plan(fields[i].Key)
		if again || c.has(p.slot) && c.at[p.slot] == uint32(i)+1 {
			continue
		}
		dst = append(e.member(dst, p, fields[i].Val, 2), ',')
	}
	return append(stripComma(dst), '}')
}
