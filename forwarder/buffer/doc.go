// Package buffer keeps a lane's blocks between the encoder and the sink.
//
// Promise: a block is in it until it is answered for; its receipt is given
// back when it is safe and not before. One byte budget bounds all lanes
// together, and each lane can always reach its own guaranteed part of it, so
// that a lane whose sink is down cannot starve the others.
//
// Here lives the memory buffer: safe means delivered.
package buffer
