package filter

import (
	"strings"

	"sluice/event"
)

// metadata names Docker's fields for parts of a line that was too long.
type metadata struct{ message, id, ordinal, last string }

func (c *Concat) metadata() metadata {
	m := metadata{"partial_message", "partial_id", "partial_ordinal", "partial_last"}
	if c.cfg.PartialMetadataFormat == "docker-fluentd" {
		return m
	}
	m = metadata{"container_partial_message", "container_partial_id", "container_partial_ordinal", "container_partial_last"}
	if c.cfg.PartialMetadataFormat == "docker-journald" {
		m = metadata{strings.ToUpper(m.message), strings.ToUpper(m.id), strings.ToUpper(m.ordinal), strings.ToUpper(m.last)}
	}
	return m
}

// partials prepares the modes in which a field says whether more comes.
func (c *Concat) partials() (err error) {
	m := c.metadata()
	switch {
	case c.cfg.PartialKey != "":
		if c.partial, err = parseAccessor(c.cfg.PartialKey); err != nil {
			return refuse("partial_key", "%w", err)
		}
		if !c.cfg.KeepPartialKey {
			c.removed = []string{c.partial.top}
		}
	case c.cfg.UsePartialMetadata:
		c.partial, c.id = accessor{top: m.last}, accessor{top: m.id}
		if !c.cfg.KeepPartialMetadata {
			c.removed = []string{m.message, m.id, m.ordinal, m.last}
		}
	case c.cfg.UsePartialCRILogtag:
		if c.partial, err = parseAccessor(c.cfg.CRILogtagKey); err != nil {
			return refuse("partial_cri_logtag_key", "%w", err)
		}
		if c.stream, err = parseAccessor(c.cfg.CRIStreamKey); err != nil {
			return refuse("partial_cri_stream_key", "%w", err)
		}
		if !c.cfg.KeepPartialKey {
			c.removed = []string{c.partial.top}
		}
	default:
		return nil
	}
	c.join.partial = true
	if c.cfg.UsePartialMetadata || c.cfg.UsePartialCRILogtag {
		c.join.separator = ""
	}
	return nil
}

// concatPass is a batch's readers.
type concatPass struct {
	c                             *Concat
	identity, partial, id, stream reader
	removed                       []uint16
}

// begin implements what joiner.process asks for.
func (c *Concat) begin(p *pass) judge {
	r := &concatPass{c: c}
	for into, a := range map[*reader]*accessor{&r.identity: &c.identity, &r.partial: &c.partial, &r.id: &c.id, &r.stream: &c.stream} {
		if a.top != "" {
			*into = a.on(p.b)
		}
	}
	r.removed = keysOf(p.b, nil, c.removed)
	return r.judge
}

func (r *concatPass) judge(p *pass, i int) (key, text []byte, s step) {
	v, ok := p.text.get(p.b, i)
	if ok {
		v, ok = textOf(p.b, v)
	}
	if !ok {
		return nil, nil, stepPass
	}
	c := r.c
	key = append(append(p.scratch[:0], p.b.Tag...), 0)
	key = r.appendTo(key, p.b, i, &r.identity)
	text = p.b.Bytes(v)
	switch {
	case c.partial.top != "":
		key, s = r.more(key, p.b, i)
	case c.cfg.NLines > 0:
		s = stepHold
		if el := p.open[string(key)]; c.cfg.NLines == 1 || el != nil && el.Value.(*held).lines == c.cfg.NLines-1 {
			s = stepEnd
		}
	default:
		s = r.line(p, key, text)
	}
	p.scratch = key
	return key, text, s
}

// appendTo appends the text of a field that may not be asked for.
func (r *concatPass) appendTo(key []byte, b *event.Batch, i int, from *reader) []byte {
	if from.accessor == nil {
		return key
	}
	if v, ok := from.get(b, i); ok {
		key = appendText(key, b.Bytes(v), v.Kind)
	}
	return append(key, 0)
}

// line judges by the patterns.
func (r *concatPass) line(p *pass, key, text []byte) step {
	c := r.c
	open := p.open[string(key)] != nil
	first := c.start != nil && c.start.Match(text)
	last := c.end != nil && c.end.Match(text)
	switch {
	case first && last:
		return stepAlone
	case first:
		return stepNew
	case last && (open || c.start == nil):
		return stepEnd
	case last, !open && c.start != nil:
		return stepPass // what has not begun cannot go on
	case c.continuous != nil && open && !c.continuous.Match(text):
		return stepAlone
	}
	return stepHold
}

// more judges by the field that says whether more comes.
func (r *concatPass) more(key []byte, b *event.Batch, i int) ([]byte, step) {
	v, ok := r.partial.get(b, i)
	if !ok {
		return key, stepPass
	}
	key = r.appendTo(r.appendTo(key, b, i, &r.id), b, i, &r.stream)
	from := len(key)
	key = appendText(key, b.Bytes(v), v.Kind)
	said := string(key[from:])
	key = key[:from]
	for _, k := range r.removed {
		b.Unset(i, k)
	}
	c := r.c
	switch {
	case c.cfg.PartialKey != "" && said == c.cfg.PartialValue, c.cfg.UsePartialCRILogtag && strings.HasPrefix(said, "P"):
		return key, stepHold
	case c.cfg.UsePartialMetadata && said != "true":
		return key, stepHold
	}
	return key, stepEnd
}
