// Package forwarder is the middle of the walk: it runs sources, takes their
// batches through filters and the router into lanes, and stops everything in
// the right order.
//
// Promise: a batch's receipt is given back only when every lane that should
// have it has it safely. A source is told to wait before it reads, never
// after; one lane's trouble stops only the sources that feed it.
//
// The interfaces Source, Filter, Stage, Sink and Buffer are owned here, by
// their consumer. Nothing below imports this package except catalog.
package forwarder
