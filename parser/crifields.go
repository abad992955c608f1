package parser

import (
	"sluice/event"
	"sluice/setting"
)

// criFields is a line of a container's file as the container runtime interface
// writes it, with the fields of fluent-plugin-parser-cri: stream, logtag and
// message, or, with parse, what the message holds.
type criFields struct {
	names [4]string // stream, logtag, message, time
	inner *Parser
	merge bool
	keep  bool
}

func newCRI(cfg Config) (format, error) {
	f := &criFields{merge: cfg.MergeCRIFields, keep: cfg.KeepTimeKey}
	for i, name := range [...]string{"stream", "logtag", or(cfg.MessageKey, "message"), or(cfg.TimeKey, "time")} {
		f.names[i] = cfg.Prefix + name
	}
	if len(cfg.Parse) == 0 {
		f.merge = true
		return f, nil
	}
	if len(cfg.Parse) > 1 {
		return nil, refuse("parse", "the message can be parsed as one type only (write one parse, of type multi if need be)")
	}
	sub := complete(cfg.Parse[0])
	sub.Prefix, sub.Now = cfg.Prefix, cfg.Now
	var err error
	if f.inner, err = New(sub); err != nil {
		return nil, setting.Below("parse", err)
	}
	return f, nil
}

func (f *criFields) warnings() []string {
	if f.inner == nil {
		return nil
	}
	return f.inner.Warnings()
}

func (f *criFields) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	l, ok := CRI(b.Bytes(v))
	if !ok {
		return t, false
	}
	add := func(name, lo, hi int) {
		b.Fields = append(b.Fields, event.Field{Key: s.key(b, name, f.names[name]), Val: part(v, lo, hi)})
	}
	if f.merge {
		add(0, l.Stream, l.Stream+CRIStreamLen)
		add(1, l.Tag, l.TagEnd)
		if f.keep {
			add(3, 0, l.Stream-1)
		}
	}
	if f.inner == nil {
		add(2, l.Message, int(v.Len))
		return l.Time, true
	}
	inner, ok := f.inner.Parse(b, part(v, l.Message, int(v.Len)))
	if !ok {
		return t, false
	}
	if !inner.IsZero() {
		return inner, true
	}
	return l.Time, true
}
