// Package metadata writes an event.Fragment as msgpack and reads it again: what
// one Sluice tells another, in a frame's option, of all the frame's records; and
// what it tells of one record, beside its time.
//
// Promise: what Read makes of what Append wrote is the same to every encoder.
// Read takes any bytes: it allocates no more than a few times their length, and
// what it does not take is an error. Keys that it does not know are passed over,
// so that a newer Sluice may say more.
package metadata

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
)

// Max is how many bytes Read takes, and what a sender must not go beyond.
const Max = 32 << 10

// ErrTooLarge says that a tree is larger than Max.
var ErrTooLarge = fmt.Errorf("metadata is larger than %d bytes", Max)

// depth is how deep what is passed over may nest: the tree itself needs 2.
const depth = 8

// texts are the tree's strings by name, in the order in which they are written.
var texts = [...]struct {
	name string
	of   func(*event.Fragment) *string
}{
	{"file", func(f *event.Fragment) *string { return &f.File }},
	{"runtime", func(f *event.Fragment) *string { return &f.Runtime }},
	{"namespace", func(f *event.Fragment) *string { return &f.Namespace }},
	{"pod", func(f *event.Fragment) *string { return &f.Pod }},
	{"pod_uid", func(f *event.Fragment) *string { return &f.PodUID }},
	{"container", func(f *event.Fragment) *string { return &f.Container }},
	{"container_id", func(f *event.Fragment) *string { return &f.ContainerID }},
	{"image", func(f *event.Fragment) *string { return &f.Image }},
	{"image_digest", func(f *event.Fragment) *string { return &f.ImageDigest }},
	{"cluster", func(f *event.Fragment) *string { return &f.Cluster }},
	{"node", func(f *event.Fragment) *string { return &f.Node }},
	{"dataset", func(f *event.Fragment) *string { return &f.Wishes.Dataset }},
}

// lists are its lists of pairs. Their order is kept. At most so many pairs are
// taken: encoders compare their names with each other.
var lists = [...]struct {
	name string
	max  int
	of   func(*event.Fragment) *[]event.Pair
}{
	{"labels", 256, func(f *event.Fragment) *[]event.Pair { return &f.Labels }},
	{"annotations", 256, func(f *event.Fragment) *[]event.Pair { return &f.Annotations }},
	{"owners", 16, func(f *event.Fragment) *[]event.Pair { return &f.Owners }},
	{"node_labels", 256, func(f *event.Fragment) *[]event.Pair { return &f.NodeLabels }},
	{"namespace_labels", 256, func(f *event.Fragment) *[]event.Pair { return &f.SpaceLabels }},
	{"fields", 64, func(f *event.Fragment) *[]event.Pair { return &f.Fields }},
}

const partial = "partial"

// Append appends f as a map: texts as strings, lists as arrays of name, value,
// name, value, and partial as true; what is empty is left out. Of the wishes
// only the data set travels: whoever made the records heeded the others. ok is
// false where Read would not take it.
func Append(dst []byte, f *event.Fragment) (_ []byte, ok bool) {
	start, n := len(dst), uint32(0)
	for _, t := range texts {
		if *t.of(f) != "" {
			n++
		}
	}
	for _, l := range lists {
		if len(*l.of(f)) > 0 {
			n++
		}
	}
	if f.Partial {
		n++
	}
	dst = msgp.AppendMapHeader(dst, n)
	for _, t := range texts {
		if s := *t.of(f); s != "" {
			dst = msgp.AppendString(msgp.AppendString(dst, t.name), s)
		}
	}
	for _, l := range lists {
		if pairs := *l.of(f); len(pairs) > 0 {
			dst = msgp.AppendArrayHeader(msgp.AppendString(dst, l.name), uint32(2*len(pairs)))
			if len(pairs) > l.max {
				return dst[:start], false
			}
			for _, p := range pairs {
				dst = msgp.AppendString(msgp.AppendString(dst, p.Name), p.Value)
			}
		}
	}
	if f.Partial {
		dst = msgp.AppendBool(msgp.AppendString(dst, partial), true)
	}
	_, err := Read(dst[start:])
	return dst, err == nil
}

// Read makes a fragment of one value. It keeps nothing of p.
func Read(p []byte) (*event.Fragment, error) {
	if len(p) > Max {
		return nil, ErrTooLarge
	}
	v, end, err := wire.Measure(p, depth)
	switch {
	case err != nil:
		return nil, err
	case end != len(p):
		return nil, errors.New("bytes behind the metadata")
	case v.Type != wire.Map:
		return nil, errors.New("metadata is no map")
	}
	f := &event.Fragment{}
	for at, i := v.Head, 0; i < v.Count; i++ {
		name, n, err := text(p[at:])
		if err != nil {
			return nil, fmt.Errorf("a name in the metadata: %w", err)
		}
		at += n
		if n, err = wire.Skip(p[at:]); err == nil {
			err = set(f, name, p[at:at+n])
		}
		if err != nil {
			return nil, fmt.Errorf("metadata %.64q: %w", name, err)
		}
		at += n
	}
	return f, nil
}

// set puts the value of a name where it belongs.
func set(f *event.Fragment, name string, p []byte) (err error) {
	if name == partial {
		if f.Partial, _, err = msgp.ReadBoolBytes(p); err != nil {
			return errors.New("it is neither true nor false")
		}
		return nil
	}
	for _, t := range texts {
		if t.name == name {
			*t.of(f), _, err = text(p)
			return err
		}
	}
	for _, l := range lists {
		if l.name == name {
			*l.of(f), err = pairs(p, l.max)
			return err
		}
	}
	return nil
}

// text reads a string at the start of p and returns its length there.
func text(p []byte) (s string, n int, err error) {
	v, n, err := wire.Measure(p, depth)
	if err != nil {
		return "", 0, err
	}
	if v.Type != wire.Str {
		return "", 0, errors.New("it is no string")
	}
	if !utf8.Valid(p[v.Head:n]) {
		return "", 0, errors.New("it is not UTF-8")
	}
	return string(p[v.Head:n]), n, nil
}

func pairs(p []byte, most int) ([]event.Pair, error) {
	v, err := wire.Head(p)
	switch {
	case err != nil:
		return nil, err
	case v.Type != wire.Array || v.Count%2 != 0:
		return nil, errors.New("it is no array of names and values")
	case v.Count > 2*most:
		return nil, fmt.Errorf("it has more than %d pairs", most)
	}
	list := make([]event.Pair, v.Count/2)
	for at, i := v.Head, 0; i < v.Count; i++ {
		s, n, err := text(p[at:])
		if err != nil {
			return nil, err
		}
		if at += n; i%2 == 0 {
			list[i/2].Name = s
		} else {
			list[i/2].Value = s
		}
	}
	return list, nil
}
