package enrich

import (
	"strconv"
	"strings"

	"sluice/event"
)

// Annotations under these prefixes say what a pod's owner wants.
const (
	ownPrefix       = "sluice.dev/"
	fluentBitPrefix = "fluentbit.io/"
)

// wishesOf reads what the annotations want for one container. What is said of
// the container counts more than what is said of the pod, what is said of a
// stream more than what is said of both, and our spelling more than Fluent
// Bit's:
//
//	sluice.dev/parser, exclude, multiline, dataset[.CONTAINER]
//	fluentbit.io/parser, exclude[_stdout|_stderr][-CONTAINER]
func wishesOf(annotations []event.Pair, container string) (w event.Wishes) {
	find := func(names ...string) (value string) {
		for _, name := range names {
			for _, a := range annotations {
				if a.Name == name && a.Value != "" {
					value = a.Value
				}
			}
		}
		return value
	}
	own := func(what string) []string { return []string{ownPrefix + what, ownPrefix + what + "." + container} }
	w.Dataset, w.Multiline = find(own("dataset")...), find(own("multiline")...)
	for stream, to := range map[string]*event.StreamWishes{"_stdout": &w.Stdout, "_stderr": &w.Stderr} {
		all := func(what string) []string { // the last one that is there counts
			return append([]string{
				fluentBitPrefix + what, fluentBitPrefix + what + stream,
				fluentBitPrefix + what + "-" + container, fluentBitPrefix + what + stream + "-" + container,
			}, own(what)...)
		}
		to.Parser, to.Exclude = find(all("parser")...), yes(find(all("exclude")...))
	}
	return w
}

// yes is true for what Go and Fluent Bit read as true.
func yes(s string) bool {
	switch strings.ToLower(s) {
	case "on", "yes":
		return true
	}
	b, err := strconv.ParseBool(strings.ToLower(s))
	return err == nil && b
}
