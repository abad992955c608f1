package format

import (
	"slices"
	"strconv"
	"time"

	"sluice/event"
	"sluice/parser/timefmt"
	"sluice/wire/quote"
)

// Formatter writes records of one form. It may be used from many goroutines at
// once.
type Formatter struct {
	line      line
	inject    []injected
	end       string // of a line
	time, tag bool   // stand before the record
	times     timeWriter
	delimiter string
	stdout    bool
}

// line writes a record's fields in one form: that which is not nil, else as
// JSON. (An interface would move each record to the heap.)
type line struct {
	whole   func(dst []byte, r *record) []byte // hash, msgpack
	ltsv    *ltsv
	columns *columns
	single  *single
}

func (l *line) append(dst []byte, r *record) []byte {
	switch {
	case l.ltsv != nil:
		return l.ltsv.append(dst, r)
	case l.columns != nil:
		return l.columns.append(dst, r)
	case l.single != nil:
		return l.single.append(dst, r)
	case l.whole != nil:
		copied := *r // what a function gets moves to the heap: not every form's record shall
		return l.whole(dst, &copied)
	}
	return appendObject(dst, r)
}

// record is one record as its line is made of.
type record struct {
	b        *event.Batch
	fields   []event.Field
	shared   []member // what the batch says
	injected []injected
	time     time.Time
}

// injected is a field that is added to every record.
type injected struct {
	name  string
	json  []byte // its value; nil: the tag or the time
	tag   bool
	times timeWriter
}

// New makes the formatter of an output. Its error is a setting.Error.
func New(cfg Config, inject Inject) (*Formatter, error) {
	f := &Formatter{}
	var err error
	if f.inject, err = inject.fields(); err != nil {
		return nil, err
	}
	switch cfg.Newline {
	case "", "lf":
		f.end = "\n"
	case "crlf":
		f.end = "\r\n"
	default:
		return nil, refuse("format.newline", "there is no newline %q (write lf or crlf)", cfg.Newline)
	}
	if !cfg.AddNewline {
		f.end = ""
	}
	kind := cfg.Type
	switch kind {
	case "stdout":
		f.stdout, f.end = true, "\n"
		f.times, err = newTimeWriter("format", "string", cfg.Time, "%Y-%m-%d %H:%M:%S.%N %z")
		kind = cfg.OutputType
	case "out_file":
		f.time, f.tag, f.end, f.delimiter = cfg.OutputTime, cfg.OutputTag, "\n", delimiter(cfg.Delimiter, "\t")
		if cfg.Newline == "crlf" {
			f.end = "\r\n"
		}
		f.times, err = newTimeWriter("format", cfg.TimeType, cfg.Time, "")
		kind = "json"
	}
	if err != nil {
		return nil, err
	}
	if kind == "msgpack" {
		f.end = "" // records follow each other without a mark
	}
	f.line, err = newLine(kind, cfg)
	return f, err
}

func newLine(kind string, cfg Config) (l line, err error) {
	switch kind {
	case "json":
		return l, nil
	case "hash":
		l.whole = appendHash
		return l, nil
	case "msgpack":
		l.whole = appendMsgpack
		return l, nil
	case "ltsv":
		l.ltsv = &ltsv{delimiter: delimiter(cfg.Delimiter, "\t"), label: cfg.LabelDelimiter, replacement: cfg.Replacement}
		return l, nil
	case "csv", "tsv":
		c := &columns{keys: cfg.Fields, delimiter: delimiter(cfg.Delimiter, ","), quotes: true, always: cfg.ForceQuotes}
		field := "fields"
		if kind == "tsv" {
			c, field = &columns{keys: cfg.Keys, delimiter: delimiter(cfg.Delimiter, "\t")}, "keys"
		}
		if len(c.keys) == 0 {
			return l, refuse("format."+field, "%s needs the names of the fields (write %s NAME,NAME)", kind, field)
		}
		l.columns = c
		return l, nil
	case "single_value":
		l.single = &single{cfg.MessageKey}
		return l, nil
	}
	return l, refuse("format.type", "there is no format %q (write json, out_file, hash, msgpack, ltsv, csv, tsv, single_value or stdout)", kind)
}

// Append writes record i of b behind dst. The time of a record that has none
// is when it was read.
func (f *Formatter) Append(dst []byte, b *event.Batch, i int) []byte {
	r := record{b: b, fields: b.FieldsOf(i), injected: f.inject, time: TimeOf(b, i)}
	if b.Shared != nil {
		r.shared = b.Shared.Cached(owner{}, makeMembers).([]member)
	}
	switch {
	case f.stdout:
		dst = f.times.append(dst, r.time)
		dst = append(append(append(dst, ' '), b.Tag...), ": "...)
	default:
		if f.time {
			dst = append(f.times.append(dst, r.time), f.delimiter...)
		}
		if f.tag {
			dst = append(append(dst, b.Tag...), f.delimiter...)
		}
	}
	return append(f.line.append(dst, &r), f.end...)
}

// TimeOf is record i's time, or when it was read.
func TimeOf(b *event.Batch, i int) time.Time {
	t := b.Recs[i].Time
	if t.IsZero() {
		return time.Unix(0, b.Read)
	}
	return time.Unix(t.Sec, int64(t.Nsec))
}

// fields makes the fields that are added.
func (j *Inject) fields() (list []injected, err error) {
	if j.HostnameKey != "" {
		name, err := hostname(j.Hostname)
		if err != nil {
			return nil, err
		}
		list = append(list, injected{name: j.HostnameKey, json: quote.Append(nil, []byte(name))})
	}
	if j.WorkerIDKey != "" {
		list = append(list, injected{name: j.WorkerIDKey, json: []byte("0")})
	}
	if j.TagKey != "" {
		list = append(list, injected{name: j.TagKey, tag: true})
	}
	if j.TimeKey != "" {
		times, err := newTimeWriter("inject", j.TimeType, j.Time, "")
		if err != nil {
			return nil, err
		}
		list = append(list, injected{name: j.TimeKey, times: times})
	}
	return list, nil
}

// append writes the value as JSON.
func (j *injected) append(dst []byte, r *record) []byte {
	switch {
	case j.json != nil:
		return append(dst, j.json...)
	case j.tag:
		return quote.Append(dst, []byte(r.b.Tag))
	case j.times.form != nil:
		dst = append(j.times.append(append(dst, '"'), r.time), '"')
		return dst
	}
	return j.times.append(dst, r.time)
}

// overridden reports whether a field of the record is injected instead.
func (r *record) overridden(name string) bool {
	return slices.ContainsFunc(r.injected, func(j injected) bool { return j.name == name })
}

// own reports whether the record has a field of that name.
func (r *record) own(name string) bool {
	return slices.ContainsFunc(r.fields, func(f event.Field) bool { return r.b.Keys[f.Key] == name })
}

// timeWriter writes a time as a number or in a form.
type timeWriter struct {
	form *timefmt.Formatter // nil: a number
	kind string
}

func newTimeWriter(section, kind string, t Time, otherwise string) (w timeWriter, err error) {
	w.kind = kind
	switch kind {
	case "string", "":
		w.form, err = t.formatter(section, otherwise)
	case "float", "unixtime", "unixtime_millis", "unixtime_micros", "unixtime_nanos":
		if t.TimeFormat != "" {
			err = refuse(section+".time_format", "time_format needs time_type string, not %s", kind)
		}
	default:
		err = refuse(section+".time_type", "there is no type %q of time (write float, unixtime, unixtime_millis, unixtime_micros, unixtime_nanos or string)", kind)
	}
	return w, err
}

func (w *timeWriter) append(dst []byte, t time.Time) []byte {
	switch {
	case w.form != nil:
		return w.form.Append(dst, t)
	case w.kind == "unixtime":
		return strconv.AppendInt(dst, t.Unix(), 10)
	case w.kind == "unixtime_millis":
		return strconv.AppendInt(dst, t.UnixMilli(), 10)
	case w.kind == "unixtime_micros":
		return strconv.AppendInt(dst, t.UnixMicro(), 10)
	case w.kind == "unixtime_nanos":
		return strconv.AppendInt(dst, t.UnixNano(), 10)
	}
	return strconv.AppendFloat(dst, float64(t.UnixMicro())/1e6, 'f', -1, 64) // to the microsecond, as Fluentd
}
