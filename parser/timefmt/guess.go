package timefmt

import (
	"time"

	"sluice/event"
)

// guesses are the forms that logs use, each told apart by its beginning.
var guesses = [...]string{
	"%d/%b/%Y:%H:%M:%S %z",
	"%d/%b/%Y:%H:%M:%S",
	"%d/%b/%Y %H:%M:%S",
	"%a, %d %b %Y %H:%M:%S %z",
	"%a %b %d %H:%M:%S.%N %Y",
	"%a %b %d %H:%M:%S %Y",
	"%a %b %d %H:%M:%S %Z %Y",
	"%b %d %H:%M:%S.%N %Y",
	"%b %d %H:%M:%S %Y",
	"%b %d, %Y %H:%M:%S %p",
	"%b %d, %Y %H:%M:%S",
	"%b %d %H:%M:%S.%N",
	"%b %d %H:%M:%S",
	"%d %b %Y %H:%M:%S.%N %z",
	"%d %b %Y %H:%M:%S.%N",
	"%d %b %Y %H:%M:%S,%N",
	"%d %b %Y %H:%M:%S %z",
	"%d %b %Y %H:%M:%S",
	"%Y/%m/%d %H:%M:%S.%N",
	"%Y/%m/%d %H:%M:%S %z",
	"%Y/%m/%d %H:%M:%S",
	"%Y/%m/%d",
	"%Y%m%dT%H%M%S%z",
	"%Y%m%dT%H%M%S",
}

// Guesser reads times whose form nobody told, for where Fluentd leaves it to
// Ruby's Time.parse.
type Guesser struct {
	iso  *Parser
	rest []*Parser
}

// NewGuesser compiles the forms; zone and now are NewParser's.
func NewGuesser(zone *time.Location, now func() time.Time) *Guesser {
	compiled := func(form string) *Parser {
		p, err := NewParser(form, zone, now)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return p
	}
	g := &Guesser{iso: compiled("%iso8601")}
	for _, form := range guesses {
		g.rest = append(g.rest, compiled(form))
	}
	return g
}

// Parse reads a time in ISO 8601's form or one that logs commonly use; text
// must hold nothing else.
func (g *Guesser) Parse(text []byte) (t event.Time, ok bool) {
	var r reading
	return g.parse(&r, text)
}

// ParseOffset is Parse that also tells how many seconds east of UTC the text
// says it is, or else the zone is.
func (g *Guesser) ParseOffset(text []byte) (t event.Time, offset int, ok bool) {
	var r reading
	t, ok = g.parse(&r, text)
	return t, r.east(t, g.iso.zone), ok
}

func (g *Guesser) parse(r *reading, text []byte) (t event.Time, ok bool) {
	if r.iso(text) && r.i == len(text) {
		return r.resolve(g.iso.zone, g.iso.now)
	}
	for _, p := range g.rest {
		*r = reading{}
		if r.read(p.steps, text) && r.i == len(text) {
			return r.resolve(p.zone, p.now)
		}
	}
	return t, false
}
