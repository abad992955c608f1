package report

import (
	"fmt"
	"html"
	"os"
	"strings"
)

// Measures of the picture, in its own units.
const (
	plotWidth  = 860
	plotLeft   = 250 // where bars begin
	plotRight  = 800 // where the scale ends
	plotTop    = 64
	barHeight  = 14
	barGap     = 3
	groupGap   = 12
	scaleEnd   = 20.0 // CPU seconds per million at plotRight; what is longer is broken off
	scaleTicks = 5.0
)

const plotStyle = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.note, .tick { fill: #57606a; font-size: 11px }
.grid { stroke: #d0d7de }
.ours { fill: #1f6feb } .peer { fill: #afb8c1 } .target { stroke: #cf222e; stroke-width: 2 }
.break { stroke: #fff; stroke-width: 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note, .tick { fill: #9198a1 } .grid { stroke: #3d444d }
  .ours { fill: #4493f8 } .peer { fill: #656c76 } .break { stroke: #0d1117 }
}
</style>
`

// WritePlot draws CPU seconds per million records, scenario by scenario, with
// the targets and other programs' figures.
func (r *Results) WritePlot(path string) error {
	return os.WriteFile(path, []byte(r.svg()), 0o644)
}

func (r *Results) svg() string {
	var body strings.Builder
	y := plotTop
	for _, s := range r.Scenarios {
		if len(s.Runs) == 0 {
			continue
		}
		v := s.spread(cpu)
		first := y
		fmt.Fprintf(&body, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLeft-8, y+barHeight-3, html.EscapeString(s.Title))
		bar(&body, y, "ours", v.median, max(v.median, s.Target), fmt.Sprintf("%.2f", v.median))
		y += barHeight + barGap
		for _, p := range peersOf(s.Name) {
			bar(&body, y, "peer", p.cpu, p.cpu, fmt.Sprintf("%s %.4g", p.name, p.cpu))
			y += barHeight + barGap
		}
		if s.Target > 0 {
			fmt.Fprintf(&body, `<line class="target" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n", at(s.Target), at(s.Target), first-2, first+barHeight+2)
		}
		y += groupGap
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="CPU seconds per million records">`+"\n",
		plotWidth, y+44, plotWidth, y+44)
	b.WriteString(plotStyle)
	b.WriteString(`<text class="title" x="16" y="24">CPU seconds per million records (less is better)</text>` + "\n")
	b.WriteString(`<text class="note" x="16" y="42">blue: sluice, median; red line: target; grey: others, measured earlier on the same kind of machine, not in this run</text>` + "\n")
	for v := 0.0; v <= scaleEnd; v += scaleTicks {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text class="tick" x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n",
			at(v), at(v), plotTop-6, y, at(v), y+14, v)
	}
	b.WriteString(body.String())
	fmt.Fprintf(&b, `<text class="note" x="16" y="%d">sluice %s, %s, %d cores, %s</text>`+"\n", y+34, html.EscapeString(r.Version), html.EscapeString(r.Machine.CPU), r.Machine.Cores, r.Date.UTC().Format("2006-01-02"))
	b.WriteString("</svg>\n")
	return b.String()
}

// at is where a value stands on the scale.
func at(v float64) float64 {
	return plotLeft + min(v, scaleEnd)/scaleEnd*(plotRight-plotLeft)
}

// bar draws one bar with its label behind it, and behind clearOf; one beyond the
// scale is broken near its end.
func bar(b *strings.Builder, y int, class string, v, clearOf float64, label string) {
	end := at(v)
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`, class, plotLeft, y, end-plotLeft, barHeight)
	if v > scaleEnd {
		fmt.Fprintf(b, `<line class="break" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, end-14, end-8, y+barHeight+1, y-1)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="end">%s</text>`+"\n", end-20, y+barHeight-3, html.EscapeString(label))
		return
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", at(clearOf)+5, y+barHeight-3, html.EscapeString(label))
}
