// Package socket takes messages from TCP, UDP and unix sockets, and turns each
// into a record.
//
// Promise: while the lanes have no room nothing is read, so that TCP holds its
// senders back; what the kernel then drops of UDP is counted. A message that is
// too long is cut and flagged, one that is not in the format becomes a dead
// letter or is counted; neither disturbs the others. These protocols know no
// acknowledgement: what was read and not yet handed on at a crash is lost.
package socket
