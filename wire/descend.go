package wire

// Descend finds one member of the map, or where index is not negative one
// element of the array, at the start of p: p[lo:hi] is its value, and lo is 0 if
// there is none. Of members with the same name the last counts.
func Descend(p []byte, name string, index int) (lo, hi int) {
	h, err := Head(p)
	want := Map
	if index >= 0 {
		want = Array
	}
	if err != nil || h.Type != want {
		return 0, 0
	}
	at := h.Head
	for n := range h.Count {
		named := n == index
		if want == Map {
			key, err := Skip(p[at:])
			if err != nil {
				return 0, 0
			}
			text, ok := Content(p[at : at+key])
			named = ok && string(text) == name
			at += key
		}
		size, err := Skip(p[at:])
		if err != nil {
			return 0, 0
		}
		if named {
			lo, hi = at, at+size
		}
		at += size
	}
	return lo, hi
}

// Content is what stands in the string, or the bytes, that p is.
func Content(p []byte) (text []byte, ok bool) {
	h, err := Head(p)
	if err != nil || h.Type != Str && h.Type != Bin || h.Head+h.Body > len(p) {
		return nil, false
	}
	return p[h.Head : h.Head+h.Body], true
}
