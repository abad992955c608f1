package wire

// scan finds the end of a value by counting the values still to come, so that
// depth needs no memory. It remembers where the first elements of an array
// end: element i does when one value fewer is to come than before it.
type scan struct {
	begun bool
	pos   int // of the next header; may lie beyond the bytes at hand
	need  int // values still to come
	elems int // of the outer array; -1 for any other value
	seen  int // elements ended
	ends  [maxElems]int
}

const maxElems = 4

// run goes on with p, the value's bytes so far, from its first.
func (s *scan) run(p []byte, limit int) (n int, err error) {
	pos, need := s.pos, s.need
	if !s.begun {
		v, err := Head(p)
		if err != nil {
			return 0, err
		}
		s.begun, s.elems = true, -1
		if v.Type == Array {
			s.elems = v.Count
		}
		pos, need = v.Head+v.Body, v.kids()
	}
	for need > 0 && pos < len(p) && need <= limit-pos {
		if n := headers[p[pos]].fixed; n != 0 {
			pos += int(n)
			need--
		} else {
			v, err := Head(p[pos:])
			if err == ErrShort {
				break
			}
			if err != nil {
				return 0, err
			}
			pos += v.Head + v.Body
			need += v.kids() - 1
		}
		if s.elems-s.seen > need {
			if s.seen < maxElems {
				s.ends[s.seen] = pos
			}
			s.seen++
		}
	}
	s.pos, s.need = pos, need
	switch {
	case pos > limit || need > limit-pos:
		return 0, TooLargeError{limit}
	case need > 0 || pos > len(p):
		return 0, ErrShort
	}
	return pos, nil
}
