package multiline

import "bytes"

// isClass reports whether text is the name of a class with its package, as
// "shop.Refused": a trace begins with it, if frames follow.
func isClass(text []byte) bool {
	if !isQualified(text) {
		return false
	}
	i := bytes.LastIndexByte(text, '.') + 1
	return i > 0 && i < len(text) && text[i] >= 'A' && text[i] <= 'Z'
}

// isFiberFailure reports whether the line is one of ZIO's own logger with a
// trace in it: an exception of any name.
func isFiberFailure(line []byte) bool {
	return has(line, "timestamp=") && bytes.Contains(line, []byte(` cause="Exception in thread "`))
}
