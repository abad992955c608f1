package ruby

import "sluice/event"

// store puts a value into the batch; one that stands there already is not
// copied.
func store(b *event.Batch, v value) event.Value {
	if v.span {
		k := event.Text
		if v.kind == kRaw {
			k = v.enc
		}
		return event.Value{Off: uint32(v.n), Len: uint32(len(v.s)), Kind: k}
	}
	from := len(b.Arena)
	switch v.kind {
	case kStr, kSym, kTime, kRange, kRegexp, kMatch, kClass:
		b.Arena = appendText(b.Arena, v)
		return b.Since(from, event.Text)
	case kRaw:
		b.Arena = append(b.Arena, v.s...)
		return b.Since(from, v.enc)
	}
	b.Arena = appendJSON(b.Arena, v)
	return b.Since(from, event.JSON)
}

// storeText puts a value into the batch as a text.
func storeText(b *event.Batch, v value) event.Value {
	if v.kind == kStr {
		return store(b, v)
	}
	from := len(b.Arena)
	b.Arena = appendText(b.Arena, v)
	return b.Since(from, event.Text)
}
