// Package tail finds, follows and rotates the log files of containers.
//
// Promise: every complete line of a followed file is emitted at least once,
// over renames, copies with truncation, restarts and receipts that never come;
// a file's saved position never passes a record that is not answered for. The
// same line always gets the same id, whoever reads it again. One file's
// trouble, whether it cannot be read, has nowhere to go or never rests, stops
// no other file.
//
// The nouns: a group is all files of one container log, the live one and those
// rotated away from it, read one after the other, oldest first. The finder
// opens files as soon as they are there; a group belongs to one of several
// readers, which look at it in turn. A line is parsed where it was read: the
// read buffer is the batch's arena.
//
// Linux only: it watches directories and quiet files by inotify, and falls
// back to looking at them where watches run out.
package tail
