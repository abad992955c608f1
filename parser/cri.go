package parser

import (
	"bytes"

	"sluice/event"
)

// CRILine says where the parts of one line of a CRI log are: offsets into the
// line that was parsed.
type CRILine struct {
	Time    event.Time
	Stream  int  // where the stream's name begins: stdout or stderr, six bytes
	Stderr  bool //
	Tag     int  // where the tags begin: F or P, more behind colons
	TagEnd  int  //
	Message int  // where the message begins; it ends with the line
	Partial bool // tag P: the next line of the same stream goes on with it
}

// CRIStreamLen is the length of a stream's name.
const CRIStreamLen = len("stdout")

// CRI cuts one line, without its newline, as the container runtime interface
// writes it: time, stream, tags and message with one space between. The format
// is defined by the kubelet (Kubernetes design proposal "CRI: Log management
// for container stdout/stderr streams"): tags are separated by colons and the
// first is P or F. The message may hold any bytes, also none. ok is false if
// the line is no such line.
func CRI(line []byte) (l CRILine, ok bool) {
	t, n, ok := RFC3339(line)
	if !ok || len(line) < n+len(" stdout F") || line[n] != ' ' || line[n+7] != ' ' {
		return l, false
	}
	switch string(line[n+1 : n+7]) {
	case "stdout":
	case "stderr":
		l.Stderr = true
	default:
		return l, false
	}
	l.Time, l.Stream, l.Tag = t, n+1, n+8
	switch line[l.Tag] {
	case 'F':
	case 'P':
		l.Partial = true
	default:
		return l, false
	}
	l.TagEnd = l.Tag + 1
	if l.TagEnd < len(line) && line[l.TagEnd] == ':' {
		more := bytes.IndexByte(line[l.TagEnd:], ' ')
		if more < 0 {
			return l, false
		}
		l.TagEnd += more
	}
	if l.TagEnd == len(line) { // nothing, not even the space before nothing
		l.Message = l.TagEnd
		return l, true
	}
	l.Message = l.TagEnd + 1
	return l, line[l.TagEnd] == ' '
}
