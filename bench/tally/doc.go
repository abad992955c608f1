// Package tally is the receiving side of a measurement: a store for the
// stand-in of Elasticsearch that counts what arrives and knows of every record
// whether it came, and how often.
//
// Promise: a record that was made and is not in the store is counted lost, one
// that is there twice is counted doubled, exactly, however far apart and in
// whatever order the documents came. A document refused because its id was
// there already (409) is neither: the store holds it once.
//
// It relies on the mark (package mark) in every record.
package tally
