package listen

import (
	"slices"

	"sluice/event"
	"sluice/wire"
	"sluice/wire/metadata"
)

// maxTold bounds the memory of the fragments that a connection keeps, in bytes.
// A node's pods mostly fit; those that do not are made anew.
const maxTold = 512 << 10

// tolds are the fragments that another Sluice told of, by the bytes in which it
// did: one pod's frames share one, and with it what encoders made of it.
type tolds struct {
	by    map[string]*event.Fragment
	bytes int
}

// sharedBy is what is true of a frame's records, tree being what its option says
// of them, or nil.
func (c *conn) sharedBy(tree []byte) (*event.Fragment, error) {
	if tree == nil {
		return c.base, nil
	}
	if f, ok := c.tolds.by[string(tree)]; ok {
		return f, nil
	}
	f, err := metadata.Read(tree)
	if err != nil {
		return nil, err
	}
	addOwn(f, c.base)
	size := 1<<10 + 2*len(tree) + 32*(len(f.Labels)+len(f.Annotations)+len(f.NodeLabels)+len(f.SpaceLabels))
	if c.tolds.bytes += size; c.tolds.by == nil || c.tolds.bytes > maxTold {
		c.tolds = tolds{by: map[string]*event.Fragment{}, bytes: size}
	}
	c.tolds.by[string(tree)] = f
	return f, nil
}

// shares reports whether a Message may join the batch being made.
func (c *conn) shares(p *wire.Parts) bool {
	f, err := c.sharedBy(p.Option.Metadata)
	return err == nil && f == c.shared
}

// addOwn adds to a fragment what the own settings say. A field of theirs stands
// before the other Sluice's of that name: it may be the name in the client's
// certificate.
func addOwn(f, base *event.Fragment) {
	if base == nil {
		return
	}
	if f.Cluster == "" {
		f.Cluster = base.Cluster
	}
	f.Fields = slices.DeleteFunc(f.Fields, func(p event.Pair) bool {
		return slices.ContainsFunc(base.Fields, func(own event.Pair) bool { return own.Name == p.Name })
	})
	f.Fields = append(f.Fields, base.Fields...)
}
