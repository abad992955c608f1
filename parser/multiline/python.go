package multiline

import "bytes"

func isTraceback(line []byte) bool { return ends(line, "Traceback (most recent call last):") }

// morePython goes on in a traceback: indented frames, the exception's line, and
// another traceback where one exception led to the next.
func morePython(at state, line []byte) state {
	switch at {
	case group:
		if text := trim(line); len(text) > 0 && (text[0] == '|' || text[0] == '+') {
			return group
		}
		return closed
	case traceback:
		switch {
		case isCountedFrame(line): // it is Ruby's
			return from
		case isIndented(line):
			return traceback
		case isRaised(line):
			return raised
		}
		return closed
	}
	switch {
	case isBlank(line):
		if at == chained {
			return chained
		}
		return raisedBlank
	case at == raised && isIndented(line): // more of the message
		return raised
	case string(line) == "During handling of the above exception, another exception occurred:",
		string(line) == "The above exception was the direct cause of the following exception:":
		return chained
	case at == chained && isTraceback(line):
		return traceback
	}
	return closed
}

// isRaised reports whether the line names an exception, with or without a
// message.
func isRaised(line []byte) bool {
	name, _, _ := bytes.Cut(line, []byte(":"))
	return isQualified(name)
}
