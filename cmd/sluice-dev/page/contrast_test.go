package page

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// luminance is that of WCAG 2, of a colour #rrggbb.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift int) float64 {
		c := float64(n>>shift&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// Text is readable in both colour schemes, and what is drawn is to be seen.
func TestContrast(t *testing.T) {
	css, err := assets.ReadFile("assets/page.css")
	if err != nil {
		t.Fatal(err)
	}
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	if len(schemes) != 2 {
		t.Fatalf("%d sets of colours, want light and dark", len(schemes))
	}
	for i, name := range []string{"light", "dark"} {
		color := map[string]string{}
		for _, m := range regexp.MustCompile(`--([\w-]+): (#\w{6});`).FindAllStringSubmatch(schemes[i][1], -1) {
			color[m[1]] = m[2]
		}
		for _, c := range []struct {
			fg, on string
			least  float64
		}{
			{"text dim accent ok bad", "bg panel hover bad-bg", 4.5},
			{"warn", "warn-bg", 4.5},
			{"on-accent", "accent", 4.5},
			{"mark-text", "mark", 4.5},
			{"focus bar", "bg", 3},
		} {
			for _, fg := range strings.Fields(c.fg) {
				for _, on := range strings.Fields(c.on) {
					a, b := luminance(t, color[fg])+0.05, luminance(t, color[on])+0.05
					if r := max(a, b) / min(a, b); r < c.least {
						t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", name, fg, on, r, c.least)
					}
				}
			}
		}
	}
}
