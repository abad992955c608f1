package catalog

import (
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/buffer/held"
	"sluice/forwarder/filter"
)

// keeper is the store of held records as one stage sees it.
type keeper struct {
	store        *held.Store
	stage, label string
}

// Keep implements filter.Keeper.
func (k keeper) Keep(tag string, id event.ID, weight uint16, data []byte, ack *event.Ack) *event.Ack {
	f := held.Frame{Stage: k.stage, Key: k.label, Tag: tag, ID: id, Weight: weight, Data: data}
	return held.Ack([]*held.Part{k.store.Put(f, ack)})
}

// keep gives a stage the store of held records, where anything is to be kept
// on the disk: that is known when all outputs are.
func (c *Context) keep(s interface{ KeepWith(filter.Keeper) }) {
	if c.Held != nil && c.builder != nil {
		k := keeper{c.Held, c.Name, c.label}
		c.builder.keepers = append(c.builder.keepers, func() { s.KeepWith(k) })
	}
}

// recover gives the stages their keeper, and the pipeline what an earlier
// process held.
func (b *builder) recover() {
	if b.d.Held == nil {
		return
	}
	if b.durable {
		for _, give := range b.keepers {
			give()
		}
	}
	for _, p := range b.d.Held.Recovered() {
		f, err := p.Frame()
		var records *event.Batch
		if err == nil {
			records, err = filter.ReadKept(f.Data)
		}
		if err != nil { // it is tried again at the next start
			b.d.Log.Error("cannot read acknowledged records that a join held open; they stay on the disk", "filter", f.Stage, "tag", f.Tag, "error", err)
			continue
		}
		records.Tag, records.Ack = f.Tag, held.Ack([]*held.Part{p})
		b.parts.Config.Held = append(b.parts.Config.Held, forwarder.Held{Stage: f.Stage, Label: f.Key, Batch: records})
	}
}
