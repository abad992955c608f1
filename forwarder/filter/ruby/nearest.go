package ruby

// nearest is the name closest to s, if one is close.
func nearest(s string, names []string) string {
	best, limit := "", 1+len(s)/4
	for _, name := range names {
		if d := distance(s, name); d <= limit {
			best, limit = name, d-1
		}
	}
	return best
}

// distance is the number of letters to add, remove or change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
