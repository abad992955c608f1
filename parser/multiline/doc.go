// Package multiline says for each line of a stream whether it goes on with the
// record before it: stack traces of the usual languages, Rails' request blocks,
// or whatever a pattern of first lines separates.
//
// Promise: a line that is no part of a trace stands alone, and so never waits
// for another. A line that may begin a trace is told apart from one that stands
// alone, so that only such a line is held. No line is ever asked for twice, no
// line changes what was said of an earlier one, and nothing is allocated.
//
// Pure: bytes in, one of three words out. What is known of a stream between
// two of its lines is a State, which its owner keeps; streams that interleave
// have one each.
package multiline
