package filter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/event"
	"sluice/parser"
	"sluice/setting"
)

// AnnotationsConfig says which parsers there are beside those that need no
// settings, and whom to tell of a name in an annotation that is no parser's;
// nil: nobody. It is told for each batch.
type AnnotationsConfig struct {
	Parsers []NamedParser
	Unknown func(name string, f *event.Fragment)
}

// NamedParser is a parser that annotations may name. Its name may be one of
// those that need no settings, which it then stands for.
type NamedParser struct {
	Name          string `conf:"name,required"`
	parser.Config `conf:",inline"`
}

// Annotations does what the pods' owners ask for in annotations, of what can
// be done with a record: it drops one stream of two, and parses the line.
// What is parsed stands beside the record's own fields, and of the same name
// in their place; a line in another format stays as it is. The time stays the
// container runtime's.
type Annotations struct {
	cfg     AnnotationsConfig
	parsers map[string][2]*Parser
}

// lineKeys are the fields with a container's line: of CRI, and of Docker.
var lineKeys = [2]string{"message", "log"}

// aliases are Fluent Bit's names of parsers.
var aliases = map[string]string{"docker": "json", "syslog-rfc3164": "syslog", "syslog-rfc5424": "syslog"}

// parserTypes are the formats that need no further setting, by name.
func parserTypes() map[string]string {
	types := map[string]string{}
	for _, name := range []string{"json", "logfmt", "ltsv", "apache", "apache2", "apache_error", "nginx", "syslog", "klog"} {
		types[name] = name
	}
	maps.Copy(types, aliases)
	return types
}

// NewAnnotations makes the parsers that annotations may name. An error in the
// n-th of cfg.Parsers is a setting.Error for [n].SETTING.
func NewAnnotations(cfg AnnotationsConfig) (*Annotations, error) {
	a := &Annotations{cfg: cfg, parsers: map[string][2]*Parser{}}
	for name, kind := range parserTypes() {
		c := parser.DefaultConfig()
		c.Type = kind
		if kind == "syslog" {
			c.MessageFormat = "auto"
		}
		if err := a.add(name, c); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for n, p := range cfg.Parsers {
		at := fmt.Sprintf("[%d]", n)
		switch {
		case p.Name == "":
			return nil, refuse(at+".name", "a parser has no name that an annotation could say")
		case seen[p.Name] || p.Name == "none":
			return nil, refuse(at+".name", "the name %s is taken: give each parser its own", p.Name)
		}
		seen[p.Name] = true
		if err := a.add(p.Name, p.Config); err != nil {
			var field *setting.Error
			if errors.As(err, &field) { // the filter's section parse is not written here
				return nil, setting.Because(at+"."+strings.TrimPrefix(field.Field(), "parse."), field)
			}
			return nil, err
		}
	}
	return a, nil
}

// add makes a parser for each of lineKeys.
func (a *Annotations) add(name string, parse parser.Config) error {
	c := DefaultParserConfig()
	c.ReserveData, c.ReserveTime, c.Parse = true, true, parse
	var pair [2]*Parser
	for i, key := range lineKeys {
		c.KeyName = key
		p, err := NewParser(c)
		if err != nil {
			return err
		}
		pair[i] = p
	}
	a.parsers[name] = pair
	return nil
}

// Names are what an annotation may say.
func (a *Annotations) Names() []string { return slices.Sorted(maps.Keys(a.parsers)) }

// Warnings says which of the named parsers are slow, and why.
func (a *Annotations) Warnings() (list []string) {
	for _, p := range a.cfg.Parsers {
		for _, text := range a.parsers[p.Name][0].Warnings() {
			list = append(list, "parser "+p.Name+": "+text)
		}
	}
	return list
}

// Apply heeds what the pod of the batch asks for.
func (a *Annotations) Apply(b *event.Batch) {
	if b.Shared == nil {
		return
	}
	w := &b.Shared.Wishes
	if w.Stdout == (event.StreamWishes{}) && w.Stderr == (event.StreamWishes{}) {
		return
	}
	var runs [2]run
	a.begin(&runs[0], b, &w.Stdout)
	if w.Stdout != w.Stderr {
		a.begin(&runs[1], b, &w.Stderr)
	}
	stream := b.KeyString("stream")
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		k := 0
		if v, ok := b.Get(i, stream); ok && w.Stdout != w.Stderr && string(b.Bytes(v)) == "stderr" {
			k = 1
		}
		runs[k].record(b, i)
	}
	runs[0].end()
	runs[1].end()
}

// run is what is asked for one stream, for one batch.
type run struct {
	exclude bool
	parsers [2]*Parser
	of      [2]*parserRun // nil: nothing is parsed
}

func (a *Annotations) begin(r *run, b *event.Batch, w *event.StreamWishes) {
	r.exclude = w.Exclude
	if w.Exclude || w.Parser == "" || w.Parser == "none" {
		return
	}
	pair, ok := a.parsers[w.Parser]
	if !ok {
		if a.cfg.Unknown != nil {
			a.cfg.Unknown(w.Parser, b.Shared)
		}
		return
	}
	r.parsers = pair
	for i, p := range pair {
		r.of[i] = p.pool.Get().(*parserRun)
		r.of[i].text = p.key.on(b)
		r.of[i].key = r.of[i].text.key
	}
}

func (r *run) record(b *event.Batch, i int) {
	switch {
	case r.exclude:
		b.Recs[i].State = event.Dropped
	case r.of[0] != nil && !r.parsers[0].record(b, i, r.of[0]):
		r.parsers[1].record(b, i, r.of[1])
	}
}

func (r *run) end() {
	for i, of := range r.of {
		if of != nil {
			r.parsers[i].pool.Put(of)
			r.of[i] = nil
		}
	}
}
