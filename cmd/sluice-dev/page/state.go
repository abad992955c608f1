package page

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const defaultRange = "15m"

// ranges are the quick choices of the page; "abs" is from and to.
var ranges = []struct {
	Name, Label string
	length      time.Duration
}{
	{"5m", "Last 5 minutes", 5 * time.Minute},
	{"15m", "Last 15 minutes", 15 * time.Minute},
	{"1h", "Last hour", time.Hour},
	{"24h", "Last 24 hours", 24 * time.Hour},
	{"all", "All documents", 0},
	{"abs", "From – to", 0},
}

// state is all that a URL of the page says.
type state struct {
	Query    string
	Range    string // one of ranges
	From, To time.Time
	Before   cursor // the page of results shows what is older
	Doc      string // index/id of the opened record
	Live     bool
}

// cursor is a place in the order of results: newest first, of equal times the
// latest arrival first. The zero cursor is before everything.
type cursor struct {
	at  time.Time
	seq int64
}

func (c cursor) isZero() bool { return c.seq == 0 }

// older reports whether the document comes after the cursor.
func (c cursor) older(d *Doc) bool {
	if n := d.Timestamp.Compare(c.at); n != 0 {
		return n < 0
	}
	return d.Seq < c.seq
}

func cursorOf(d *Doc) cursor { return cursor{d.Timestamp, d.Seq} }

func (c cursor) String() string {
	return fmt.Sprintf("%d.%09d.%d", c.at.Unix(), c.at.Nanosecond(), c.seq)
}

func parseCursor(s string) (c cursor, ok bool) {
	var n [3]int64
	parts := strings.Split(s, ".")
	if len(parts) != len(n) {
		return c, false
	}
	for i, p := range parts {
		var err error
		if n[i], err = strconv.ParseInt(p, 10, 64); err != nil {
			return c, false
		}
	}
	return cursor{time.Unix(n[0], n[1]), n[2]}, n[1] >= 0 && n[1] < 1e9 && n[2] > 0
}

// parseState reads a URL. What it does not understand is an error for the user
// and left out of the state.
func parseState(v url.Values, loc *time.Location) (s state, err error) {
	s = state{Query: v.Get("q"), Range: v.Get("range"), Doc: v.Get("doc"), Live: v.Get("live") == "1"}
	if s.Range == "" {
		s.Range = defaultRange
		if v.Get("from") != "" || v.Get("to") != "" {
			s.Range = "abs"
		}
	}
	if !known(s.Range) {
		err = fmt.Errorf("there is no time range %q: write 5m, 15m, 1h, 24h or all, or from and to", s.Range)
		s.Range = defaultRange
	}
	if s.Range == "abs" {
		for name, t := range map[string]*time.Time{"from": &s.From, "to": &s.To} {
			if text := v.Get(name); text != "" {
				var ok bool
				if *t, ok = parseTime(text, loc); !ok {
					err = fmt.Errorf("%q in %q is not a time: write it as 2006-01-02 15:04:05", text, name)
				}
			}
		}
	}
	if text := v.Get("before"); text != "" {
		var ok bool
		if s.Before, ok = parseCursor(text); !ok {
			s.Before = cursor{}
		}
	}
	return s, err
}

func known(name string) bool {
	for _, r := range ranges {
		if r.Name == name {
			return true
		}
	}
	return false
}

// parseTime reads a time with its zone, or one in loc.
func parseTime(s string, loc *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// span is the state's time range; a zero time is no limit.
func (s *state) span(now time.Time) (from, to time.Time) {
	for _, r := range ranges {
		if r.Name == s.Range && r.length > 0 {
			return now.Add(-r.length), now
		}
	}
	return s.From, s.To
}

// values is the URL's query of the state, without what is the default.
func (s state) values() url.Values {
	v := url.Values{}
	set := func(name, value string, when bool) {
		if when {
			v.Set(name, value)
		}
	}
	set("q", s.Query, s.Query != "")
	set("range", s.Range, s.Range != defaultRange && s.Range != "abs")
	set("range", "abs", s.Range == "abs" && s.From.IsZero() && s.To.IsZero())
	set("from", s.From.Format(time.RFC3339Nano), s.Range == "abs" && !s.From.IsZero())
	set("to", s.To.Format(time.RFC3339Nano), s.Range == "abs" && !s.To.IsZero())
	set("before", s.Before.String(), !s.Before.isZero())
	set("doc", s.Doc, s.Doc != "")
	set("live", "1", s.Live)
	return v
}

func (s state) url(path string) string {
	if q := s.values().Encode(); q != "" {
		return path + "?" + q
	}
	return path
}
