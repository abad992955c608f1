package event

import "testing"

func TestTagPart(t *testing.T) {
	for n, want := range map[int]string{0: "a", 1: "", 2: "c", 3: "", 100: "", -1: "c", -2: "", -3: "a", -4: ""} {
		if got := TagPart("a..c", n); got != want {
			t.Errorf("part %d is %q, want %q", n, got, want)
		}
	}
	if TagPart("", 0) != "" || TagPart("", -1) != "" {
		t.Error("a part of nothing")
	}
}
