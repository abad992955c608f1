// Package fluent reads and writes the two languages of Fluentd's
// configuration, fluent.conf (v1, with the names of v0.12) and its YAML, as
// the tree of package conf.
//
// Promise: the tree is the one that Fluentd 1.19's own parser makes of the same
// file and environment, or there is a problem with file:line:col; nothing is
// guessed. Every element and parameter remembers where it was written. Ruby in
// "#{...}" is evaluated where it is of the kind that configurations hold
// (ruby.go); anything else is refused with its place. No bytes
// make it panic.
//
// Source: docs.fluentd.org/configuration/config-file and .../config-file-yaml.
package fluent
