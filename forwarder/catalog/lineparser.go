package catalog

import (
	"strconv"
	"time"

	"sluice/event"
	"sluice/forwarder/filter"
)

// pathKey puts a file's path on its records, where they have no such field of
// their own, as Fluentd does.
type pathKey string

// Apply implements forwarder.Filter.
func (k pathKey) Apply(b *event.Batch) {
	if b.Shared == nil || b.Shared.File == "" {
		return
	}
	key, v := b.KeyString(string(k)), b.PutString(b.Shared.File, event.Text)
	for i := range b.Recs {
		if _, own := b.Get(i, key); !own && b.Recs[i].State == event.Live {
			b.Set(i, key, v)
		}
	}
}

// offsetKey puts on records where in their file they begin, in bytes.
type offsetKey string

// Apply implements forwarder.Filter.
func (k offsetKey) Apply(b *event.Batch) {
	key := b.KeyString(string(k))
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		start := len(b.Arena)
		b.Arena = strconv.AppendInt(b.Arena, b.Recs[i].Pos, 10)
		b.Set(i, key, b.Since(start, event.JSON))
	}
}

// lineParser is a tail's <parse>. A batch holds the lines of one file: those of
// a container runtime, which tail has read, have a field stream, and only their
// text may still get another name, or be parsed; others are a text to parse.
type lineParser struct {
	message   string // what the text of a container's line is called
	container bool   // it is parsed
	unmatched bool   // what cannot be parsed goes on as unmatched_line, not as failed
	parser    *filter.Parser
}

// Apply implements forwarder.Filter.
func (p *lineParser) Apply(b *event.Batch) {
	if len(b.Recs) == 0 {
		return
	}
	message, stream := b.KeyString("message"), b.KeyString("stream")
	if _, runtime := b.Get(0, stream); !runtime || p.container {
		p.parser.Apply(b)
		if p.unmatched {
			keepUnmatched(b, message)
		}
		return
	}
	if p.message == "message" {
		return
	}
	to := b.KeyString(p.message)
	for i := range b.Recs {
		rename(b, i, message, to)
	}
}

// lineTime puts the time of container lines on their records, as the plug-in
// parser-cri does.
type lineTime string

// Apply implements forwarder.Filter.
func (k lineTime) Apply(b *event.Batch) {
	if len(b.Recs) == 0 {
		return
	}
	if _, runtime := b.Get(0, b.KeyString("stream")); !runtime {
		return
	}
	key := b.KeyString(string(k))
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			start := len(b.Arena)
			b.Arena = b.Recs[i].Time.Std().AppendFormat(b.Arena, time.RFC3339Nano)
			b.Set(i, key, b.Since(start, event.Text))
		}
	}
}

// lineEnd makes the ends of lines Fluentd's: a plain line loses the carriage
// return before its line break, and with docker the text of Docker's json-file
// lines has its line break, for which filters look, such as concat's
// multiline_end_regexp.
type lineEnd struct{ docker bool }

// Apply implements forwarder.Filter.
func (e lineEnd) Apply(b *event.Batch) {
	if len(b.Recs) == 0 {
		return
	}
	name, end := "message", chomp
	if _, runtime := b.Get(0, b.KeyString("stream")); runtime {
		if _, cri := b.Get(0, b.KeyString("logtag")); cri || !e.docker {
			return
		}
		name, end = "log", unchomp
	}
	key := b.KeyString(name)
	for i := range b.Recs {
		if v, ok := b.Get(i, key); ok && v.Kind == event.Text {
			b.Set(i, key, end(b, v))
		}
	}
}

func chomp(b *event.Batch, v event.Value) event.Value {
	if v.Len > 0 && b.Arena[v.Off+v.Len-1] == '\r' {
		v.Len--
	}
	return v
}

func unchomp(b *event.Batch, v event.Value) event.Value {
	if end := int(v.Off + v.Len); end < len(b.Arena) && b.Arena[end] == '\n' { // as it was read
		v.Len++
		return v
	}
	start := len(b.Arena)
	b.Arena = append(append(b.Arena, b.Bytes(v)...), '\n')
	return b.Since(start, event.Text)
}

// keepUnmatched makes of lines that could not be parsed what Fluentd makes of
// them.
func keepUnmatched(b *event.Batch, message uint16) {
	to := b.KeyString("unmatched_line")
	for i := range b.Recs {
		if b.Recs[i].State == event.Failed {
			b.Recs[i].State = event.Live
			rename(b, i, message, to)
		}
	}
}

func rename(b *event.Batch, i int, from, to uint16) {
	fields := b.FieldsOf(i)
	for j := range fields {
		if fields[j].Key == from {
			fields[j].Key = to
		}
	}
}
