// Package event holds what flows through Sluice, and nothing else: records,
// the batches a source makes of them, the blocks and chunks a sink is given,
// the verdict a sink answers with, and the receipt that travels back.
//
// Promise: data only. No I/O, no goroutine, no lock but the receipt's counter;
// only the standard library. Every other package may import it.
//
// Six nouns, one meaning each. A Record is one log event. A Batch is records
// of one stream (one file, one connection) under one tag. A Batch encoded for
// one sink is a Block. The Blocks of one key that travel in one request are a
// Chunk. (A segment, a file of blocks, and a lane, a buffer with its senders,
// live elsewhere.)
package event
