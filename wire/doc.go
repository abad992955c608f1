// Package wire reads and writes msgpack and the frames of the Fluent Forward
// protocol, with their compression.
//
// Promise: what a peer declares costs nothing. Memory grows with the bytes
// that arrived, never with a length or a count somebody wrote; nothing
// recurses into a peer's nesting beyond MaxDepth, and no input makes it panic. Reading
// allocates nothing per value: it measures values in place and returns spans
// of the caller's bytes.
//
// The primitives' sources are the msgpack specification
// (https://github.com/msgpack/msgpack/blob/master/spec.md) and the Forward
// protocol specification v1.5
// (https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5).
package wire
