// Package wal is a directory of segments: blocks are written to it in commits,
// read back, and answered for in any order.
//
// Promise: when Write returns nil its blocks survive a power cut, and are there
// again after Open, or Begin and ReadIn, until they are released. A file is removed when everything
// in it is answered for. Open always succeeds: it takes what is there, says
// what is not, and deletes nothing that it cannot read. An error of fsync is
// final for that file: what it held of the commit is cut off, and the next commit
// goes to a new file.
//
// Write, Sweep and Close belong to one goroutine; ReadIn, Release, Read, Heads
// and the counts to any.
package wal
