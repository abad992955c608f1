package parser

import (
	"sluice/event"
	"sluice/parser/rubyexp"
)

// expressions are the formats that are one, as Fluentd has them; klog's is
// that of Fluentd's Kubernetes images.
var expressions = map[string]string{
	"apache":       `/^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$/`,
	"apache2":      `/^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>(?:[^\"]|\\")*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>(?:[^\"]|\\")*)" "(?<agent>(?:[^\"]|\\")*)")?$/`,
	"apache_error": `/^\[[^ ]* (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?( \[client (?<client>[^\]]*)\])? (?<message>.*)$/`,
	"nginx":        `/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)"(?:\s+\"?(?<http_x_forwarded_for>[^\"]*)\"?)?)?$/`,
	"klog":         `/^(?<severity>[IWEF])(?<time>\d{4} [^\s]*)\s+(?<pid>\d+)\s+(?<source>[^ \]]+)\] (?<message>.*)/m`,
}

// regexpFormat makes a field of each named group that matched.
type regexpFormat struct {
	re    *rubyexp.Regexp
	names []string // with the prefix
}

func newRegexp(field, source string, cfg Config) (format, error) {
	if source == "" {
		return nil, refuse(field, "regexp needs an expression (write expression: /(?<NAME>...)/)")
	}
	re, err := expression(field, source, cfg)
	if err != nil {
		return nil, err
	}
	if len(re.Names()) == 0 {
		return nil, refuse(field, "the expression has no named group, so nothing would become a field (write (?<NAME>...))")
	}
	return &regexpFormat{re, prefixed(cfg.Prefix, re.Names())}, nil
}

func prefixed(prefix string, names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = prefix + name
	}
	return list
}

func (f *regexpFormat) warnings() []string {
	if w := f.re.Warning(); w != "" {
		return []string{w}
	}
	return nil
}

func (f *regexpFormat) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	if s.match, ok = f.re.Find(s.match[:0], b.Bytes(v)); !ok {
		return t, false
	}
	for i, name := range f.names {
		if lo, hi := f.re.Group(s.match, i); lo >= 0 {
			b.Fields = append(b.Fields, event.Field{Key: s.key(b, i, name), Val: part(v, lo, hi)})
		}
	}
	return t, true
}

// part is a part of v as Text.
func part(v event.Value, lo, hi int) event.Value {
	return event.Value{Off: v.Off + uint32(lo), Len: uint32(hi - lo), Kind: event.Text}
}

// apache2 is the combined log format as Fluentd's parser of that name reads
// it: numbers are numbers, a hyphen and a code of 0 are null, and all eight
// fields are always there.
type apache2 struct {
	re    *rubyexp.Regexp
	names []string
}

func newApache2(cfg Config) (format, error) {
	re, err := expression("type", expressions["apache2"], cfg)
	if err != nil {
		return nil, err
	}
	return &apache2{re, prefixed(cfg.Prefix, re.Names())}, nil
}

func (f *apache2) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	p := b.Bytes(v)
	if s.match, ok = f.re.Find(s.match[:0], p); !ok {
		return t, false
	}
	for i, name := range f.re.Names() {
		lo, hi := f.re.Group(s.match, i)
		val := event.Value{}
		switch {
		case lo < 0, string(p[lo:hi]) == "-" && name != "method" && name != "path" && name != "time" && name != "code":
			val = b.PutString("null", event.JSON)
		case name == "code" || name == "size":
			val = toInteger(b, part(v, lo, hi), p[lo:hi])
			if name == "code" && string(b.Bytes(val)) == "0" {
				val = b.PutString("null", event.JSON)
			}
		default:
			val = part(v, lo, hi)
		}
		b.Fields = append(b.Fields, event.Field{Key: s.key(b, i, f.names[i]), Val: val})
	}
	return t, true
}
