package multiline

import "bytes"

func beginsGo(line []byte) state {
	switch line[0] {
	case 'p':
		if has(line, "panic: ") {
			return panicked
		}
	case 'f':
		if has(line, "fatal error: ") {
			return panicked
		}
	case 'r':
		if has(line, "runtime: goroutine stack exceeds ") {
			return panicked
		}
	case 'u':
		if has(line, "unexpected fault address ") {
			return panicked
		}
	case 'S':
		if has(line, "SIGQUIT: ") || has(line, "SIGABRT: ") || has(line, "SIGSEGV: ") {
			return panicked
		}
	case 'g':
		if isGoroutine(line) {
			return goroutine
		}
	case '=':
		if string(line) == "==================" {
			return raceBar
		}
	case 'W':
		if string(line) == "WARNING: DATA RACE" {
			return race
		}
	}
	return closed
}

// isGoroutine reports whether the line is like "goroutine 1 [running]:".
func isGoroutine(line []byte) bool {
	return has(line, "goroutine ") && ends(line, ":") && bytes.IndexByte(line, '[') > 0
}

func moreGo(at state, line []byte) state {
	switch at {
	case raceBar:
		if string(line) == "WARNING: DATA RACE" {
			return race
		}
		return closed
	case race:
		return moreRace(line)
	}
	switch {
	case isGoroutine(line):
		return goroutine
	case isBlank(line):
		return goBlank
	case string(line) == "runtime stack:", has(line, "[originating from goroutine "):
		return goroutine
	case has(line, "exit status "):
		return over
	case isRegister(line):
		return goBlank
	}
	switch at {
	case panicked:
		return morePanicked(line)
	case goroutine:
		if isIndented(line) || has(line, "created by ") || has(line, "...") || isGoCall(line) {
			return goroutine
		}
	}
	return closed
}

// morePanicked goes on behind a panic: a value of several lines is indented,
// and what the runtime has to say comes before the first goroutine.
func morePanicked(line []byte) state {
	if isIndented(line) || has(line, "[signal ") || has(line, "fatal error: ") || has(line, "panic: ") ||
		has(line, "PC=") || has(line, "goroutine ") || has(line, "runtime: ") || has(line, "sp=") {
		return panicked
	}
	return closed
}

func moreRace(line []byte) state {
	switch {
	case string(line) == "==================":
		return over
	case isBlank(line), isIndented(line), ends(line, ":"):
		return race
	}
	return closed
}

// isGoCall reports whether the line is like "main.f(0x1, {0x2, 0x3})".
func isGoCall(line []byte) bool {
	n := len(line)
	if n < 3 || line[n-1] != ')' {
		return false
	}
	open := bytes.IndexByte(line, '(')
	return open > 0 && bytes.IndexByte(line[:open], '.') > 0 && bytes.IndexByte(line[:open], ' ') < 0 || has(line, "panic(")
}

// isRegister reports whether the line is like "rax    0x0".
func isRegister(line []byte) bool {
	i := bytes.IndexByte(line, ' ')
	return i > 0 && i <= 7 && has(trim(line[i:]), "0x") && bytes.IndexByte(trim(line[i:]), ' ') < 0
}
