// Package segment is the format of the disk buffer's files: frames to bytes
// and back, and the scan that finds out what a file holds after a crash.
// docs/format.md is the specification.
//
// Promise: pure and total. Whatever bytes a file holds, the scan ends, uses
// memory in proportion to the frames that are really there, and finds every
// block of a commit that was fsynced and not damaged since. A frame says all
// about itself, so that it can be handed to another lane or another node.
package segment
