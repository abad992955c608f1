package parser

import (
	"slices"

	"sluice/event"
	"sluice/parser/timefmt"
	"sluice/setting"
)

// fate is what became of a field that should hold the time.
type fate uint8

const (
	timeRead    fate = iota
	timeIgnored      // it holds none, which does not matter
	timeInvalid      // it holds none, so the text is not valid
)

// lastTime is the last text that was read, and its time: many lines in a row
// are of the same second.
type lastTime struct {
	text [40]byte
	n    int // the text's length; 0: there is none
	time event.Time
}

// timeReader reads the time as settings say. Under auto what is none is no
// mistake.
type timeReader struct {
	kind   string
	guess  *timefmt.Guesser
	forms  []*timefmt.Parser
	number bool // of mixed: a number counts, behind the forms
	// lasting says that a text means the same time whenever it is read.
	lasting bool
}

func newTimeReader(cfg Config) (r timeReader, err error) {
	zone, err := cfg.zone()
	if err != nil {
		return r, err
	}
	r.kind = or(cfg.TimeType, "auto")
	if cfg.TimeFormat != "" && r.kind == "auto" { // as in Fluentd: a format makes it one
		r.kind = "string"
	}
	add := func(field, form string) error {
		if form == "unixtime" || form == "float" {
			r.number = true
			return nil
		}
		p, err := timefmt.NewParser(form, zone, cfg.Now)
		if err != nil {
			return setting.Because(field, err)
		}
		r.forms = append(r.forms, p)
		return nil
	}
	if cfg.TimeFormat != "" {
		if err := add("time_format", cfg.TimeFormat); err != nil {
			return r, err
		}
	}
	for _, form := range cfg.TimeFormatFallbacks {
		if err := add("time_format_fallbacks", form); err != nil {
			return r, err
		}
	}
	switch r.kind {
	case "auto", "string", "unixtime", "float":
		if len(cfg.TimeFormatFallbacks) > 0 && r.kind != "string" {
			return r, refuse("time_format_fallbacks", "time_format_fallbacks needs time_type: mixed")
		}
	case "mixed":
		if len(r.forms) == 0 && !r.number {
			return r, refuse("time_type", "time_type is mixed, but time_format and time_format_fallbacks are empty")
		}
	default:
		return r, refuse("time_type", "there is no type %q of time (write auto, string, unixtime, float or mixed)", r.kind)
	}
	if len(r.forms) == 0 {
		r.guess = timefmt.NewGuesser(zone, cfg.Now)
	}
	r.lasting = r.guess == nil && !slices.ContainsFunc(r.forms, func(p *timefmt.Parser) bool { return !p.Complete() })
	return r, nil
}

// readAfter is read by one who reads many in a row.
func (r *timeReader) readAfter(last *lastTime, b *event.Batch, v event.Value) (event.Time, fate) {
	text := b.Bytes(v)
	if last.n > 0 && v.Kind == event.Text && string(text) == string(last.text[:last.n]) {
		return last.time, timeRead
	}
	t, f := r.read(b, v)
	if f == timeRead && v.Kind == event.Text && len(text) <= len(last.text) && r.lasting {
		last.n, last.time = copy(last.text[:], text), t
	}
	return t, f
}

func (r *timeReader) read(b *event.Batch, v event.Value) (t event.Time, f fate) {
	text, ok := b.Bytes(v), false
	switch r.kind {
	case "auto":
		if v.Kind == event.Text {
			t, ok = r.guess.Parse(text)
		}
		if !ok {
			t, ok = unixTime(text, true)
		}
		if !ok {
			return event.Time{}, timeIgnored
		}
	case "unixtime", "float":
		t, ok = unixTime(text, false)
		if r.kind == "unixtime" {
			t.Nsec = 0
		}
	default:
		t, ok = r.text(text)
		ok = ok && v.Kind == event.Text
		if !ok && r.number {
			t, ok = unixTime(text, false)
		}
	}
	if !ok {
		return event.Time{}, timeInvalid
	}
	return t, timeRead
}

func (r *timeReader) text(text []byte) (t event.Time, ok bool) {
	if r.guess != nil && r.kind == "string" {
		return r.guess.Parse(text)
	}
	for _, p := range r.forms {
		if t, ok = p.Parse(text); ok {
			return t, true
		}
	}
	return t, false
}
