// Package format writes records as lines: what Fluentd's <format> and <inject>
// describe.
//
// Promise: pure. A record is written straight from its batch into the buffer
// that is given, with what its batch says of it (Kubernetes metadata, static
// fields) beside its own fields; nothing is allocated for it. What comes out
// as JSON is JSON and UTF-8 on one line, whatever went in.
package format
