// Package ruby compiles the Ruby that people write in Fluentd's
// record_transformer and record_modifier to Go functions.
//
// It is a subset: literals of every kind, interpolation, local variables, if,
// unless, case, ternaries, rescue, blocks, and the methods of strings, numbers,
// arrays, hashes, times and regular expressions that make sense for one record.
// There are no loops but those over a collection, no definitions, and nothing
// that reaches outside but the environment's variables.
//
// Promise: what is not supported is refused when it is compiled, with its
// offset in the text and what to write instead. Running never panics, ends (a
// bound on steps and on the size of what is built), and reports what would
// raise in Ruby as an error. What strings need is taken from memory that is
// used again for the next record. A Compiler is used by one goroutine, the
// programs it has made by many, each with an Env of its own.
//
// Objects and arrays of the record may be changed; Settle writes into the batch
// what was. A text never changes: a method that would change one gives a new
// one to the variable or the element it was called on, and is refused elsewhere.
//
// Differences from Ruby: whole numbers have 64 bits and do not grow; hashes and
// arrays become text as JSON, not as inspect writes them.
package ruby
