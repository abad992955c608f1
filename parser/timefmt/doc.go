// Package timefmt reads and writes times in the forms of Ruby's strptime and
// strftime, which is how Fluentd's settings describe them.
//
// Promise: pure. A form is compiled once; reading and writing with it keep no
// state, allocate nothing and never panic, whatever the bytes. What a text
// leaves out is completed: the year so that the time lies nearest before now,
// the zone from the settings.
package timefmt
