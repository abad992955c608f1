package multiline

import "bytes"

// beginsRust takes "thread 'main' panicked at src/main.rs:2:5:", the message
// in the next line, and the older form with the message in it.
func beginsRust(line []byte) state {
	switch {
	case !bytes.Contains(line, []byte(" panicked at ")):
		return closed
	case ends(line, ":"):
		return rustHead
	}
	return rustMore
}

func moreRust(at state, line []byte) state {
	text := trim(line)
	switch {
	case at == rustHead:
		return rustMore
	case string(line) == "stack backtrace:", string(line) == "Stack backtrace:":
		return backtrace
	case has(line, "note: "):
		return backtrace
	case ends(line, " panic. aborting."): // "thread caused non-unwinding panic. aborting."
		return over
	case len(text) == 0 && at == because:
		return because
	case isIndented(line):
		if at == rustMore && isFrame(text) {
			return backtrace
		}
		return at
	case string(line) == "Caused by:":
		return because
	}
	return closed
}

// isFrame reports whether text is like "0: std::panicking::begin_panic".
func isFrame(text []byte) bool {
	n := digits(text)
	return n > 0 && has(text[n:], ": ")
}
