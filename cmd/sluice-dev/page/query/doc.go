// Package query reads the search language of the sluice-dev page and matches
// it against JSON documents without decoding them.
//
// The language is the part of Kibana's that people type: words look in the
// message, field:value in a field, and, or, not and parentheses combine, quotes
// keep a phrase together, * stands for any characters, field > 5 compares.
//
// Promise: any text is either a Query or an *Error that says where and why; a
// Matcher takes any bytes for a document, never panics, and allocates nothing
// for plain documents.
package query
