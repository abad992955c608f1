// Package deadletter keeps what a sink refused for good, with its reason, id
// and position, and what an input could not take apart.
//
// Promise: when Put returns nil the letters are fsynced. A file that was cut
// in the middle of a write loses only what Put had not confirmed. A letter is
// removed only because somebody asked for it (Remove), or by the overflow
// policy that the user chose, and then it is counted. Log content is in these
// files and nowhere else: they are readable by their owner alone.
//
// The running agent is the only one that writes and unlinks segments. Whoever
// else has dealt with letters says so in a file beside the segment, so the
// command line works on the directory with the agent running or not.
package deadletter
