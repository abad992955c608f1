// Package file writes records into files, as Fluentd's output file: paths with
// placeholders and time slices, formats, compression, a link to the newest.
//
// Promise: what Deliver answers for is on disk, fsynced, the directory's entry
// too. A write that fails leaves no part of it behind. A record's values never
// lead out of the directories that the path names. What is delivered again
// after a crash between write and answer stands twice: files know no ids.
package file
