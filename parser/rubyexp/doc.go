// Package rubyexp runs the regular expressions of Fluentd's settings, which
// are Ruby's (Onigmo), on bytes.
//
// Promise: an expression means what it means in Ruby, or Compile says what it
// cannot do. Matching never panics and takes time linear in the text, but for
// expressions with look-around, back-references or atomic groups: those run on
// a backtracking library with a time limit, and Warning says so. An expression
// of the usual kind matches without an allocation.
package rubyexp
