// Package buffer keeps a lane's blocks between the encoder and the sink.
//
// Promise: a block is in it until it is answered for; its receipt is given
// back when it is safe (fsynced, or answered for by the sink) and not before.
// One byte budget bounds all lanes together, and each lane can always reach
// its own guaranteed part of it, so that a lane whose sink is down cannot
// starve the others. A disk that fails costs durability, never a block: they
// stay in memory, sources wait, and an alarm says so.
//
// With a log behind it (package wal) blocks are written down, always or when
// it matters, and leave memory when memory is short: then only their place is
// kept, and of blocks that follow each other only where the first of them is.
// Which is which:
//
//	Never   memory: safe is delivered
//	Always  disk: safe is fsynced
//	Needed  auto: at once when a client waits for it; else when a send attempt
//	        failed, when memory is short and the sink takes nothing, when it
//	        has waited FlushInterval + 5 s, and at the end
//
// The lane owns Run, which at the start has a goroutine beside it that looks
// through what an earlier process left.
package buffer
