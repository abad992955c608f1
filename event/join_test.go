package event

import "testing"

func TestJoinedAckGivesEachShareBack(t *testing.T) {
	var a, b settled
	one, two := NewAck(&a), NewAck(&b)
	one.Fork(1) // its source's own share is still out
	j := JoinAcks([]Part{{one, 2}, {nil, 1}, {two, 3}})
	j.Fork(1)
	j.Drop(Overflow, 3)
	j.Drop(Filtered, 1)
	j.Done()
	if b.n != 0 {
		t.Fatal("settled with a share out")
	}
	j.Done()
	if b != (settled{1, Overflow.Of(1)}) || a.n != 0 {
		t.Fatalf("first %+v, second %+v", a, b)
	}
	one.Done()
	if a != (settled{1, Drops{Filtered: 1, Overflow: 1}}) {
		t.Fatalf("first %+v", a)
	}
}
