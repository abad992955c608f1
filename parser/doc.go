// Package parser turns bytes into fields: lines of container runtimes, JSON,
// and every format of Fluentd's <parse>, see New.
//
// Promise: pure. What it is given it reads where it stands and answers with
// spans of it; any bytes at all are answered, never with a panic, and what is
// not in the format is refused and left as it was.
package parser
