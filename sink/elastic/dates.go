package elastic

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"sluice/event"
	"sluice/parser"
	"sluice/parser/timefmt"
	"sluice/sink/format"
)

// Dates is what fluent-plugin-elasticsearch takes a document's time and its
// index's date from.
type Dates struct {
	OwnDate bool           // the date is that of the record's @timestamp, or of its TimeKey
	TimeKey string         // the field whose time @timestamp gets in a record that has none of its own; empty: no field
	NoStamp bool           // a record that has TimeKey gets no @timestamp
	Format  string         // of both fields, as strptime reads it; empty: whatever logs use
	Zone    *time.Location // of dates whose text names no zone; nil: all dates are in UTC
	Slice   *time.Location // of dates, where they are those of the time slice that Fluentd's buffer puts a record in, whatever its fields say
}

// dateReader reads a time and how many seconds east of UTC its zone is.
type dateReader interface {
	ParseOffset(text []byte) (t event.Time, offset int, ok bool)
}

// reader is for the texts of the fields. Without a format a text that names no
// zone is in UTC, with one it is in local time, as in the plug-in.
func (d *Dates) reader() (dateReader, error) {
	if d.Format == "" {
		return timefmt.NewGuesser(time.UTC, nil), nil
	}
	p, err := timefmt.NewParser(d.Format, d.Zone, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read time_key_format: %w", err)
	}
	return p, nil
}

// asks reports whether a batch's records may say times that count, or have
// dates that are not in UTC.
func (d *Dates) asks(keys []string) bool {
	return d.Zone != nil || d.Slice != nil || d.OwnDate && slices.Contains(keys, "@timestamp") || d.TimeKey != "" && slices.Contains(keys, d.TimeKey)
}

// times are the @timestamp that record i, of time t, gets if it has none of its
// own, and the time that gives its index a date. That is moved by its zone's
// offset, so that the date in UTC is the one wanted.
func (e *encoder) times(i int, t event.Time) (stamp, date event.Time) {
	d := &e.sink.like.Dates
	e.untimed = false
	stamp, date, offset, said := e.said(i, t)
	zone := cmp.Or(d.Slice, d.Zone)
	if !said || !d.OwnDate {
		date = t
		if zone != nil {
			_, offset = time.Unix(t.Sec, 0).In(zone).Zone()
		}
	}
	if zone != nil {
		date.Sec += int64(offset)
	}
	return stamp, clamp(date)
}

// said is what record i's fields say; where they say nothing, or nothing that
// can be read, t holds.
func (e *encoder) said(i int, t event.Time) (stamp, date event.Time, offset int, ok bool) {
	d := &e.sink.like.Dates
	fields := e.batch.FieldsOf(i)
	if own := e.ownTime(fields); own >= 0 {
		if d.OwnDate {
			date, offset, ok = e.readTime(fields[own].Val)
		}
		return t, date, offset, ok
	}
	at := slices.IndexFunc(fields, func(f event.Field) bool { return e.batch.Keys[f.Key] == d.TimeKey })
	if d.TimeKey == "" || at < 0 {
		return t, t, 0, false
	}
	e.untimed = d.NoStamp
	if date, offset, ok = e.readTime(fields[at].Val); !ok {
		date = t
	}
	return date, date, offset, ok
}

// readTime reads a text, or a number of Unix seconds.
func (e *encoder) readTime(v event.Value) (t event.Time, offset int, ok bool) {
	e.field = format.AppendText(e.field[:0], e.batch, v)
	if e.isText(v) {
		t, offset, ok = e.sink.dates.ParseOffset(bytes.TrimSpace(e.field))
	} else if t, ok = parser.UnixTime(e.field); ok && e.sink.like.Dates.Zone != nil {
		_, offset = time.Unix(t.Sec, 0).In(e.sink.like.Dates.Zone).Zone()
	}
	return t, offset, ok && clamp(t) == t
}
