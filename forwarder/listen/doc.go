// Package listen is the server side of the Fluent Forward protocol: a source
// that turns what Fluentd, Fluent Bit, Docker and the fluent-logger libraries
// send into batches.
//
// Promise: an ack means safe. A chunk is acknowledged when every batch made of
// it, and of every frame before it on its connection, has been answered for;
// acks go out in the order of the frames, one write each, the chunk id as it
// came. What is not safe is never acknowledged: the client sends it again, and
// the records get the same ids.
//
// No peer costs another more than its share of the machine: memory grows with
// the bytes that came and is bounded by max_chunk, one that does not read its
// acks is dropped after a deadline, and one bad entry is dropped, counted and
// told of without its siblings.
package listen
