package parser

import "sluice/event"

// DockerLine says where the parts of one line of Docker's json-file log are:
// offsets into the line that was parsed.
type DockerLine struct {
	Time              event.Time
	Log, LogEnd       int  // the text, unescaped, without its final newline
	Stream, StreamEnd int  // stdout or stderr
	Stderr            bool //
	Partial           bool // the text had no newline: the next line of the same stream goes on with it
}

// Docker reads one line, without its newline, as Docker's json-file log driver
// writes it: {"log":"text\n","stream":"stdout","time":"RFC 3339"}. Members may
// come in any order; others, such as attrs, are passed over; of members with
// the same name the last counts.
//
// It unescapes the text IN PLACE: the line's bytes are not JSON afterwards.
// If ok is false the line is no such line and its bytes are as they were.
func Docker(line []byte) (l DockerLine, ok bool) {
	at := skipSpace(line, 0)
	if at == len(line) || line[at] != '{' {
		return l, false
	}
	var log, stream, when span
	m := openJSON(line, at, 1)
	for m.next() {
		switch {
		case m.named("log"):
			log = m.val
		case m.named("stream"):
			stream = m.val
		case m.named("time"):
			when = m.val
		}
	}
	if m.bad || skipSpace(line, m.i) != len(line) || !log.isString(line) || !stream.isString(line) || !when.isString(line) {
		return l, false
	}
	switch string(line[stream.lo+1 : stream.hi-1]) {
	case "stdout":
	case "stderr":
		l.Stderr = true
	default:
		return l, false
	}
	t, n, ok := RFC3339(line[when.lo+1 : when.hi-1])
	if !ok || n != when.hi-when.lo-2 {
		return l, false
	}
	l.Time = t
	l.Stream, l.StreamEnd = stream.lo+1, stream.hi-1
	l.Log, l.LogEnd = log.lo+1, log.hi-1
	if log.escaped { // never longer than what it replaces
		l.LogEnd = l.Log + len(appendUnescaped(line[l.Log:l.Log], line[l.Log:l.LogEnd]))
	}
	if l.LogEnd > l.Log && line[l.LogEnd-1] == '\n' {
		l.LogEnd--
	} else {
		l.Partial = true
	}
	return l, true
}

// isString reports whether the span is a JSON string; an empty span is none.
func (s span) isString(p []byte) bool { return s.hi > s.lo && p[s.lo] == '"' }
