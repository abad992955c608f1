// Package quote writes JSON strings.
//
// Promise: what it writes is a string of RFC 8259 in UTF-8, whatever the bytes
// were. It allocates only to grow dst.
package quote

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Scan returns the index, from i on, of the first byte that JSON wants escaped
// in a string (below 0x20, quote, backslash), or len(s); and whether bytes of
// 0x80 or more may have been passed. Eight bytes at a time: of each mask the
// lowest set bit is exact, those above it may be borrowed.
func Scan(s []byte, i int) (at int, high bool) {
	var seen uint64
	for ; len(s)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		seen |= w
		// The high bit of w^x is that of w: one &^w serves all three masks.
		hit := ((w - ones*0x20) | (w ^ ones*'"' - ones) | (w ^ ones*'\\' - ones)) &^ w & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3, seen&highs != 0
		}
	}
	for ; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
		seen |= uint64(c)
	}
	return i, seen&highs != 0
}

// Append appends s as a JSON string: copied in runs, escapes where JSON wants
// them, U+FFFD for what is not UTF-8 (surrogates and overlong forms too).
func Append(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; ; i++ {
		end, high := Scan(s, i)
		dst = Run(dst, s[i:end], high)
		if end == len(s) {
			return append(dst, '"')
		}
		dst = Escape(dst, s[end])
		i = end
	}
}

// Run copies a run that needs no escapes; high: it may hold bytes that are not
// ASCII, so that UTF-8 must be checked.
func Run(dst, run []byte, high bool) []byte {
	if !high || utf8.Valid(run) {
		return append(dst, run...)
	}
	for len(run) > 0 {
		r, n := utf8.DecodeRune(run)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, "\uFFFD"...)
		} else {
			dst = append(dst, run[:n]...)
		}
		run = run[n:]
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// Escape appends the escape of one byte.
func Escape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
