package filter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/event"
	"sluice/parser"
)

// accessor names a value in a record.
type accessor struct {
	top    string                       // the field
	below  []parser.Step                // the way down into its value
	shared func(*event.Fragment) string // what the batch says of it, if the record has no such field
}

// parseAccessor reads a field's name, or Fluentd's record accessor:
// $.a.b, $['a']['b'], $.a[0].
func parseAccessor(s string) (accessor, error) {
	if !strings.HasPrefix(s, "$.") && !strings.HasPrefix(s, "$[") {
		if s == "" {
			return accessor{}, errors.New("a field's name is missing")
		}
		return accessor{top: s}, nil
	}
	var path []parser.Step
	for rest := s[1:]; rest != ""; {
		var more []parser.Step
		var err error
		if rest[0] == '.' {
			n := strings.IndexAny(rest[1:]+".", ".[")
			more, rest = []parser.Step{{Name: rest[1 : n+1], Index: -1}}, rest[n+1:]
			if n == 0 {
				err = errors.New("a name is missing")
			}
		} else if more, rest, err = parseBrackets(rest); err == nil && len(more) == 0 {
			err = fmt.Errorf("%q after ]", rest)
		}
		if err != nil {
			return accessor{}, fmt.Errorf("cannot read record accessor %q: %w (write $.a.b or $['a']['b'])", s, err)
		}
		path = append(path, more...)
	}
	return newAccessor(path)
}

// newAccessor makes an accessor of the way from the record down.
func newAccessor(path []parser.Step) (accessor, error) {
	if len(path) == 0 || path[0].Index >= 0 {
		return accessor{}, errors.New("a record has names, not numbers, at its top")
	}
	a := accessor{top: path[0].Name, below: path[1:]}
	a.shared = sharedValue(path)
	return a, nil
}

// parseBrackets reads ["a"]['b'][0] and returns what follows it.
func parseBrackets(s string) (path []parser.Step, rest string, err error) {
	for strings.HasPrefix(s, "[") {
		step := parser.Step{Index: -1}
		if len(s) > 1 && (s[1] == '"' || s[1] == '\'') {
			end := strings.Index(s[2:], s[1:2]+"]")
			if end < 0 {
				return nil, s, fmt.Errorf("no %s] after %s", s[1:2], s)
			}
			step.Name, s = s[2:2+end], s[4+end:]
		} else {
			end := strings.IndexByte(s, ']')
			n, err := strconv.ParseUint(s[1:max(end, 1)], 10, 31)
			if err != nil {
				return nil, s, fmt.Errorf("neither a quoted name nor a number in %s", s)
			}
			step.Index, s = int(n), s[end+1:]
		}
		path = append(path, step)
	}
	return path, s, nil
}

// reader is an accessor made ready for one batch.
type reader struct {
	*accessor
	key   uint16
	value event.Value // what the batch says, in the arena
	has   bool
}

// on makes the accessor ready for b.
func (a *accessor) on(b *event.Batch) reader {
	r := reader{accessor: a, key: b.KeyString(a.top)}
	if a.shared != nil && b.Shared != nil {
		if s := a.shared(b.Shared); s != "" {
			r.value, r.has = b.PutString(s, event.Text), true
		}
	}
	return r
}

// get finds the value in record i; it does not change the batch.
func (r *reader) get(b *event.Batch, i int) (event.Value, bool) {
	v, ok := b.Get(i, r.key)
	if !ok {
		return r.value, r.has
	}
	if len(r.below) == 0 {
		return v, true
	}
	switch v.Kind {
	case event.JSON:
		return parser.Lookup(b, v, r.below)
	case event.Msgp:
		return lookupMsgp(b, v, r.below)
	}
	return event.Value{}, false // text has nothing below it
}
