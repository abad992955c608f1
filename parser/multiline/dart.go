package multiline

import "bytes"

// isDartFrame reports whether the line is a frame as Dart's package stack_trace
// writes them, in two columns:
//
//	package:shop/order.dart 12:7  Order.load
//	dart:async                    runZoned
func isDartFrame(line []byte) bool {
	place, _, ok := bytes.Cut(line, []byte("  "))
	switch {
	case !ok:
		return false
	case has(place, "dart:"):
		return bytes.IndexByte(place, ' ') < 0 || bytes.Contains(place, []byte(".dart "))
	}
	return bytes.Contains(place, []byte(".dart "))
}
