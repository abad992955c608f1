package multiline

import "bytes"

// moreHead goes on behind a line that names an exception: frames, more of its
// message, which is indented then, or what its language puts in between.
func (s *State) moreHead(line []byte) state {
	switch to := s.moreFrames(line); {
	case to != closed:
		return to
	case isBlank(line):
		return headBlank
	case isIndented(line):
		return head
	case isTraceback(line): // Python's "Exception in thread Thread-1 (f):"
		return traceback
	case ends(line, "Stack trace:"), string(line) == "[stacktrace]", isNumbered(line), isDartFrame(line):
		return numbered
	case has(line, "thrown in "), string(line) == "^":
		return head
	case ends(line, "nested exception is:"), has(line, "Parameter name: "), has(line, "Actual value was "), has(line, "File name: '"):
		return head
	}
	return closed
}

// moreHeadBlank is for those that leave a line empty in between.
func (s *State) moreHeadBlank(line []byte) state {
	switch {
	case isAt(line):
		return atState(line)
	case isBlank(line):
		return headBlank
	case string(line) == "Caused by:":
		return because
	case string(line) == "Stack backtrace:":
		return backtrace
	case isNumbered(line), isDartFrame(line), string(line) == "Stack trace:":
		return numbered
	case has(line, "Caused by: "), has(line, "Next "), has(line, "[previous exception] "):
		return head
	}
	return closed
}

// moreFrames goes on among lines like "at f(file:1)".
func (s *State) moreFrames(line []byte) state {
	text := trim(line)
	switch {
	case s.at == died:
		if has(line, "Node.js v") || has(line, "(Use `node ") {
			return over
		}
		if has(line, "Thrown at:") {
			return frames
		}
		return closed
	case s.at == props:
		switch {
		case isIndented(line):
			return props
		case has(line, "}"):
			return frames
		}
		return closed
	case isAt(line):
		return atState(line)
	case len(text) == 0:
		if s.died && s.at == frames {
			return died
		}
	case has(text, "Caused by: "), has(text, "Suppressed: "), has(text, "Wrapped by: "), has(text, "---> "):
		return head
	case has(text, "... "), has(text, "--- End of "), has(text, "[CIRCULAR REFERENCE"), has(text, "[CAUSED BY"):
		return frames
	case isIndented(line) && has(text, "- "): // "- locked <0x000000071ab3c9a8>"
		return frames
	}
	return closed
}

// headState is the state behind a line that names an exception; Node prints one
// without frames as "[Error: boom] {".
func headState(line []byte) state {
	if ends(line, "] {") {
		return props
	}
	return head
}

// atState is the state behind a frame.
func atState(line []byte) state {
	switch {
	case line[len(line)-1] == '{':
		return props
	case ends(line, "<---"):
		return inner
	}
	return frames
}

// moreNode goes on where Node reports what nothing caught:
//
//	/app/main.js:3
//	  throw new Error('boom')
//	  ^
//
//	Error: boom
//	    at ...
func (s *State) moreNode(line []byte) state {
	caret := len(line) > 0 && len(bytes.Trim(line, " \t^")) == 0 && bytes.IndexByte(line, '^') >= 0
	switch {
	case s.at == nodeSource && !isBlank(line):
		return nodeCaret
	case s.at == nodeCaret && caret:
		return nodeBlank
	case s.at == nodeBlank && isBlank(line):
		return nodeHead
	case s.at == nodeHead && !isBlank(line):
		return head
	}
	return closed
}

// isNodePlace reports whether the line is the place where Node died, and
// nothing else: a file that it runs, a colon, a number.
func isNodePlace(line []byte) bool {
	n := len(line)
	for n > 0 && isDigit(line[n-1]) {
		n--
	}
	if n == len(line) || n < 4 || line[n-1] != ':' {
		return false
	}
	file := line[:n-1]
	if has(line, "node:internal/") {
		return bytes.IndexByte(line, ' ') < 0
	}
	script := ends(file, ".js") || ends(file, ".mjs") || ends(file, ".cjs") || ends(file, ".ts") || ends(file, ".mts")
	return script && (line[0] == '/' || has(line, "file:///"))
}

// isNumbered reports whether the line is a frame as PHP and Dart write them.
func isNumbered(line []byte) bool {
	if len(line) < 3 || line[0] != '#' {
		return false
	}
	n := 1 + digits(line[1:])
	return n > 1 && n < len(line) && line[n] == ' '
}

func moreNumbered(line []byte) state {
	text := trim(line)
	switch {
	case isNumbered(line), isDartFrame(line), string(line) == "<asynchronous suspension>", has(line, "===== asynchronous gap ="), string(line) == "[stacktrace]", ends(line, "Stack trace:"):
		return numbered
	case has(text, "thrown in "), has(line, `"}`), has(line, `","`): // where Monolog's JSON goes on
		return over
	case len(text) == 0:
		return headBlank
	case has(line, "Next "), has(line, "[previous exception] "):
		return head
	case has(line, "PHP ") && isIndented(line[4:]): // Xdebug's "PHP   1. {main}() /app/x.php:0"
		return numbered
	}
	return closed
}
