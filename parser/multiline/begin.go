package multiline

import "bytes"

// begins returns the state behind a line that begins a trace, closed if none
// does. What cannot begin one is told by its colons: nearly every first line
// has one, in a place that tells much.
func (r *Rules) begins(s *State, line []byte) state {
	if len(line) == 0 {
		return closed
	}
	if at := r.beginsWith(s, line); at != closed {
		return at
	}
	if r.langs&(java|js|csharp|php|rust) != 0 && isThrown(line) {
		return head
	}
	if r.langs&(java|python) != 0 && line[0] == 'E' && (has(line, "Exception in thread ") || has(line, "Exception ignored in: ")) {
		return head
	}
	if r.langs&(java|csharp) != 0 && isClass(line) {
		return named
	}
	for n := 0; ; {
		i := bytes.IndexByte(line[n:], ':')
		if i < 0 {
			return closed
		}
		n += i
		if n > 0 {
			if at := r.beginsAt(s, line, n); at != closed {
				return at
			}
		}
		n++
	}
}

// beginsWith looks at how the line begins.
func (r *Rules) beginsWith(s *State, line []byte) state {
	switch c := line[0]; {
	case c == ' ' || c == '\t':
		if r.langs&(java|js|csharp) != 0 && isAt(line) {
			return atState(line)
		}
		if r.langs&python != 0 && has(bytes.TrimLeft(line, " "), "+ Exception Group Traceback (") {
			return group
		}
	case c == '#':
		if r.langs&(php|dart) != 0 && has(line, "#0 ") {
			return numbered
		}
		if r.langs&ruby != 0 && isDeadThread(line) {
			return from
		}
	case c == 'p' || c == 'd':
		if r.langs&dart != 0 && (has(line, "package:") || has(line, "dart:")) && isDartFrame(line) {
			return numbered
		}
	case c == 't':
		if r.langs&java != 0 && isFiberFailure(line) {
			return head
		}
	case c == '/' || c == 'n' || c == 'f':
		if r.langs&js != 0 && isNodePlace(line) {
			s.died = true
			return nodeSource
		}
	}
	if r.langs&golang != 0 {
		if at := beginsGo(line); at != closed {
			return at
		}
	}
	if r.langs&rails != 0 {
		if at := s.beginsRails(line); at != closed {
			return at
		}
	}
	switch {
	case r.langs&rust != 0 && line[0] == 't' && has(line, "thread '"):
		return beginsRust(line)
	case r.langs&dart != 0 && line[0] == 'U' && string(line) == "Unhandled exception:",
		r.langs&csharp != 0 && line[0] == 'U' && string(line) == "Unhandled Exception:":
		return announced
	case r.langs&ruby != 0 && (line[0] == 'E' || line[0] == 'F' || line[0] == 'W') && isLoggedError(line):
		return from
	}
	return closed
}

// beginsAt looks at what stands before the colon at n > 0.
func (r *Rules) beginsAt(s *State, line []byte, n int) state {
	switch before := line[:n]; line[n-1] {
	case 'n', 'r', 'e':
		if r.langs&(java|js|csharp|php|rust) != 0 && isThrown(before) {
			return headState(line)
		}
		if r.langs&php != 0 && bytes.HasSuffix(before, []byte("atal error")) && has(bytes.TrimLeft(line[n+1:], " "), "Uncaught ") {
			return head
		}
		if r.langs&php != 0 && bytes.HasSuffix(before, []byte("(code")) && bytes.Contains(before, []byte(`"exception":"[object] (`)) {
			return head
		}
	case ']', '\'':
		if r.langs&js != 0 && isThrown(withoutCode(before)) {
			return head
		}
	case 'b':
		if r.langs&ruby != 0 && isRubyPlace(line, n) {
			return from
		}
	case ')':
		switch {
		case n < len(line)-1:
		case r.langs&(python|ruby) != 0 && bytes.HasSuffix(before, []byte("Traceback (most recent call last)")):
			return traceback
		case r.langs&ruby != 0 && isRailsError(line):
			_, s.tag = railsText(line)
			return from
		}
	case 'g': // net/http's: "http: panic serving 127.0.0.1:1: boom"
	case 'p':
		if r.langs&golang != 0 && bytes.HasSuffix(before, []byte("http")) && has(line[n+1:], " panic serving ") {
			return panicked
		}
	}
	if r.langs&(java|csharp) != 0 && (n+1 == len(line) || line[n+1] == ' ') && isClass(line[:n]) {
		return named
	}
	return closed
}
