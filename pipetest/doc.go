// Package pipetest runs a configuration's pipeline over records from files and
// compares what comes to the outputs with other files: unit tests of pipelines.
//
// Promise: the pipeline is the one that would run, made by the catalog, with
// recorders in the place of the outputs. Nothing connects, listens or writes
// but the expected files, and the same records give the same lines. Every
// record that comes out, and every one that a filter, a match or a rule drops,
// is a line.
package pipetest
