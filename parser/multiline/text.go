package multiline

import "bytes"

func has(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix
}

func ends(line []byte, suffix string) bool {
	return len(line) >= len(suffix) && string(line[len(line)-len(suffix):]) == suffix
}

func isIndented(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

func isBlank(line []byte) bool { return len(trim(line)) == 0 }

func trim(line []byte) []byte {
	for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		line = line[1:]
	}
	return line
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// digits returns how many digits p begins with.
func digits(p []byte) (n int) {
	for n < len(p) && isDigit(p[n]) {
		n++
	}
	return n
}

// isThrown reports whether text ends in the name of an exception.
func isThrown(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	switch text[len(text)-1] {
	case 'n':
		return ends(text, "Exception")
	case 'r':
		return ends(text, "Error")
	case 'e':
		return ends(text, "Throwable") || string(text) == "Trace" || ends(text, "V8 errors stack trace")
	}
	return false
}

// withoutCode cuts the code from Node's "TypeError [ERR_INVALID_ARG_TYPE]".
func withoutCode(text []byte) []byte {
	if i := bytes.LastIndex(text, []byte(" [")); i > 0 && text[len(text)-1] == ']' {
		return text[:i]
	}
	return nil
}

// isAt reports whether an indented line is a frame as Java, .NET and V8 write
// them.
func isAt(line []byte) bool {
	return isIndented(line) && has(trim(line), "at ") && len(trim(line)) > len("at ")
}

// isQualified reports whether text is names with dots between them.
func isQualified(text []byte) bool {
	if len(text) == 0 || isDigit(text[0]) {
		return false
	}
	for i, c := range text {
		if !isWord(c) && (c != '.' || i == 0) && c != '$' {
			return false
		}
	}
	return true
}
