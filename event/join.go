package event

// Part is one share of a receipt, and the weight of the records behind it.
type Part struct {
	Ack    *Ack
	Weight int
}

// JoinAcks makes one receipt of shares that belong to records which travel on
// together: when it settles, each share is given back. What was dropped on the
// way is answered for by the parts in their order, each up to its weight. It
// keeps parts.
func JoinAcks(parts []Part) *Ack {
	return NewAck(joined(parts))
}

type joined []Part

// Settled implements Receipt.
func (j joined) Settled(dropped Drops) {
	for _, p := range j {
		own := dropped.Take(uint64(p.Weight))
		own.All(p.Ack.drop)
		p.Ack.Done()
	}
}
