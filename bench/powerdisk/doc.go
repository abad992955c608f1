// Command powerdisk is a file system that can lose power: it mounts one, kept
// in memory, by FUSE. Tests put a real agent's data directory on it.
//
//	powerdisk -dir DIR [-sync 5ms]
//
// It says "mounted", then takes one command a line and answers each with one
// line, until its standard input ends:
//
//	off       the power is gone: from now on every call fails with EIO
//	on SEED   the power is back: of what was not synced some is there, some not
//
// Promise: strict. What a program has not made durable with fsync, the names in
// a directory by fsync of that directory, may be lost at "off": each write in
// whole, in part, or by sectors, each truncation, and each change of a name,
// independently of one another and in any order. What was synced is there.
// Exit status 3: it cannot be mounted here.
package main
