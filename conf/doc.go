// Package conf reads settings: a front end turns what people write into one
// tree of elements that remember where they stand, environment and flags are
// laid over it, and Decode fills Config structs from it, strictly.
//
// Promise: a setting that was written is either in the struct, unchanged, or
// in the list of problems with its place and what to write instead; nothing is
// ignored, guessed or rounded. The package knows no part of the program: what
// may be set, it reads off the structs' tags.
//
// # Tags
//
// A field is a setting when it has a tag `conf:"name,option,..."`. Kinds:
// string, bool, int, int64, float64, time.Duration, []string, a struct (a
// section), a slice of structs (a list of sections), []*Element (a list of
// elements for somebody else to decode). Options:
//
//	size          int64 or int: bytes, written 5MiB, 5MB or 5242880
//	secret        never shown; a struct with a method Again(setting string, read
//	              func() (string, error)) is told how to read one from a file again
//	required      must not be empty in the end
//	oneof=a|b|c   nothing else (of a list: no other item)
//	map           slice of struct{Name, Value string}: any names, in their order
//	alias=a|b     other names, from older versions
//	arg           a string that holds the section's argument: <store ignore_error>
//	inline        a struct whose settings stand beside this one's
//	element=NAME  []*Element: the elements are called NAME; what stands under
//	              "tag" is their argument, by default **
package conf
