package multiline

import (
	"bytes"
	"hash/maphash"
)

// isRubyPlace reports whether the colon at n follows a file of Ruby's and a
// line number follows the colon, as in "app/x.rb:3:in `f'".
func isRubyPlace(line []byte, n int) bool {
	d := digits(line[n+1:])
	return d > 0 && (ends(line[:n], ".rb") || ends(line[:n], ".erb")) && has(line[n+1+d:], ":in ")
}

func hasRubyPlace(line []byte) bool {
	for n := 0; ; n++ {
		i := bytes.IndexByte(line[n:], ':')
		if i < 0 {
			return false
		}
		if n += i; n > 0 && isPlace(line, n) {
			return true
		}
	}
}

// isPlace is isRubyPlace for templates of any kind.
func isPlace(line []byte, n int) bool {
	d := digits(line[n+1:])
	return d > 0 && has(line[n+1+d:], ":in ") && bytes.IndexByte(line[:n], '.') > 0
}

// moreRuby goes on among Ruby's frames, be they a program's last words, "from"
// in front, or what Rails logs, nothing in front.
func (s *State) moreRuby(line []byte) state {
	line, tag := railsText(line)
	text := trim(line)
	switch {
	case tag != s.tag && !isBlank(line):
		return closed
	case has(text, "from "), len(text) == 0, isIndented(line), hasRubyPlace(line):
		return from
	case has(line, "Did you mean?"), has(line, "Causes:"), has(line, "=> "), isRailsError(line):
		return from
	}
	return closed
}

// isRailsError reports whether the line is like "RuntimeError (boom):".
func isRailsError(line []byte) bool {
	line, _ = railsText(line)
	i := bytes.Index(line, []byte(" ("))
	return i > 0 && ends(line, "):") && isConstant(line[:i])
}

// isLoggedError reports whether the line is an exception as Ruby's Logger
// writes one, its frames behind it: "E, [2026-11-22T20:01:00.123456 #1] ERROR
// -- : boom (RuntimeError)".
func isLoggedError(line []byte) bool {
	if len(line) < 4 || line[1] != ',' || !has(line[2:], " [") || line[len(line)-1] != ')' {
		return false
	}
	i := bytes.LastIndex(line, []byte(" ("))
	return i > 0 && isConstant(line[i+2:len(line)-1]) && bytes.Contains(line[:i], []byte(" -- "))
}

// isDeadThread reports whether the line says that an exception ended a thread,
// which follows.
func isDeadThread(line []byte) bool {
	return has(line, "#<Thread:") && ends(line, " terminated with exception (report_on_exception is true):")
}

// isCountedFrame reports whether the line is like "	2: from x.rb:3:in `f'": Ruby
// counts frames where the last call comes last.
func isCountedFrame(line []byte) bool {
	text := trim(line)
	d := digits(text)
	return d > 0 && has(text[d:], ": from ")
}

// isConstant reports whether name is like "ActiveRecord::RecordNotFound".
func isConstant(name []byte) bool {
	for _, c := range name {
		if !isWord(c) && c != ':' {
			return false
		}
	}
	return len(name) > 0 && name[0] >= 'A' && name[0] <= 'Z'
}

var verbs = [...]string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// beginsRails finds Rails' "Started GET "/" for 127.0.0.1 at ...".
func (s *State) beginsRails(line []byte) state {
	switch line[0] {
	case 'S', '[', 'I', 'D':
	default:
		return closed
	}
	text, tag := railsText(line)
	if !has(text, "Started ") {
		return closed
	}
	for _, verb := range verbs {
		if rest := text[len("Started "):]; has(rest, verb) && has(rest[len(verb):], ` "/`) {
			s.tag = tag
			return request
		}
	}
	return closed
}

// moreRails goes on in a request's block, which "Completed" ends, but for an
// exception behind it.
func (s *State) moreRails(line []byte) state {
	text, tag := railsText(line)
	text = withoutColor(text)
	switch {
	case tag != s.tag && !isBlank(line): // another request's; empty lines have no tag
		return closed
	case isBlank(text), isIndented(text):
		return request
	case isRailsError(line):
		return from
	}
	for _, prefix := range [...]string{"Processing by ", "Completed ", "Redirected to ", "Filter chain halted ", "Sent ", "Rendered ", "Rendering ", "Read fragment ", "Write fragment ", "Unpermitted parameter", "Can't verify CSRF ", "Parameters: ", "No template found "} {
		if has(text, prefix) {
			return request
		}
	}
	return closed
}

// withoutColor cuts the colors that a line begins with.
func withoutColor(text []byte) []byte {
	for has(text, "\x1b[") {
		i := bytes.IndexByte(text, 'm')
		if i < 0 {
			break
		}
		text = text[i+1:]
	}
	return text
}

var seed = maphash.MakeSeed()

// railsText cuts what Ruby's Logger puts in front, "I, [2026-11-22T20:01:00.123456 #1]  INFO -- : ",
// and the tags behind it, "[uuid] ", which it returns hashed: requests that run
// at the same time differ in them.
func railsText(line []byte) (text []byte, tag uint64) {
	text = line
	if len(text) > 4 && text[1] == ',' && has(text[2:], " [") {
		if i := bytes.Index(text, []byte(" -- ")); i > 0 {
			if j := bytes.Index(text[i:], []byte(": ")); j >= 0 {
				text = text[i+j+2:]
			}
		}
	}
	rest := text
	for len(rest) > 2 && rest[0] == '[' {
		i := bytes.IndexByte(rest, ']')
		if i < 0 {
			break
		}
		if rest = rest[i+1:]; len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
	}
	if n := len(text) - len(rest); n > 0 {
		return rest, maphash.Bytes(seed, bytes.TrimRight(text[:n], " ")) | 1
	}
	return text, 0
}
