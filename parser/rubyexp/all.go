package rubyexp

// All returns the places of the first n matches in p, all if n is negative,
// each as Find's, and none of them in another. A time limit that is reached
// ends the search.
func (r *Regexp) All(p []byte, n int) (all [][]int) {
	if r.back == nil {
		return r.linear.FindAllSubmatchIndex(p, n)
	}
	m, err := r.back.re.FindStringMatch(string(p))
	for m != nil && err == nil && (n < 0 || len(all) < n) {
		var places []int
		for i := range r.groups + 1 {
			if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
				places = append(places, g.Index, g.Index+g.Length)
			} else {
				places = append(places, -1, -1)
			}
		}
		toBytes(places, p)
		all = append(all, places)
		m, err = r.back.re.FindNextMatch(m)
	}
	return all
}
