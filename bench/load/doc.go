// Package load makes logs: container files as a kubelet and a container
// runtime lay them out, and events as a client of the Forward protocol sends
// them.
//
// Promise: every record carries the number of its stream and its own within
// the stream, counting from 1 without a gap (package mark), and the time at
// which it was written; what Made returns is what went out, and for the
// Forward protocol with acks, what was acknowledged.
package load
