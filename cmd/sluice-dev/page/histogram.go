package page

import (
	"fmt"
	"time"
)

const maxBars = 80

// hit is a found document's time and whether it is an error.
type hit struct {
	ms  int64
	bad bool
}

type bucket struct{ Count, Errors int }

// histogram counts hits over time. Every hit is in one of its buckets.
type histogram struct {
	start, width int64 // milliseconds
	buckets      []bucket
}

// widths of a bar that people can read, in milliseconds; beyond the last one
// they double.
var widths = []int64{
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3,
	1800e3, 3600e3, 7200e3, 3 * 3600e3, 6 * 3600e3, 12 * 3600e3, 86400e3, 2 * 86400e3, 7 * 86400e3, 30 * 86400e3, 365 * 86400e3,
}

// newHistogram covers from to to, or where they are not limited what was found.
func newHistogram(hits []hit, from, to time.Time) histogram {
	if len(hits) == 0 && (from.IsZero() || to.IsZero()) {
		return histogram{}
	}
	low, high := from.UnixMilli(), to.UnixMilli()-1
	if len(hits) > 0 {
		first, last := hits[0].ms, hits[0].ms
		for _, h := range hits {
			first, last = min(first, h.ms), max(last, h.ms)
		}
		if from.IsZero() {
			low = first
		}
		if to.IsZero() {
			high = last
		}
		low, high = min(low, first), max(high, last)
	}
	high = max(high, low)
	h := histogram{width: widths[0]}
	for i := 1; floor(high, h.width)-floor(low, h.width) >= maxBars; i++ {
		if i < len(widths) {
			h.width = widths[i]
		} else {
			h.width *= 2
		}
	}
	h.start = floor(low, h.width) * h.width
	h.buckets = make([]bucket, floor(high, h.width)-floor(low, h.width)+1)
	for _, t := range hits {
		b := &h.buckets[(t.ms-h.start)/h.width]
		b.Count++
		if t.bad {
			b.Errors++
		}
	}
	return h
}

func floor(ms, width int64) int64 {
	n := ms / width
	if ms%width < 0 {
		n--
	}
	return n
}

// bar is one bar of the drawing, in units of the viewBox.
type bar struct {
	X, Y, Height    float64
	ErrY, ErrHeight float64
	Label, URL      string
	Empty           bool
}

type chart struct {
	Bars          []bar
	Width, Height int
	Max           int
	Ticks         []tick
	Step          string
}

// tick is a time below the bars, at X percent of the width.
type tick struct {
	X    float64
	Text string
}

const barStep, chartHeight = 10, 100

// draw makes the chart; link is the page's URL for a bar's time range.
func (h *histogram) draw(loc *time.Location, link func(from, to time.Time) string) chart {
	c := chart{Width: barStep * len(h.buckets), Height: chartHeight, Step: (time.Duration(h.width) * time.Millisecond).String()}
	for _, b := range h.buckets {
		c.Max = max(c.Max, b.Count)
	}
	if c.Max == 0 {
		return c
	}
	scale := func(n int) float64 {
		if n == 0 {
			return 0
		}
		return max(2, float64(n)/float64(c.Max)*chartHeight) // what is there is seen
	}
	for i, b := range h.buckets {
		from := time.UnixMilli(h.start + int64(i)*h.width).In(loc)
		to := time.UnixMilli(h.start + int64(i+1)*h.width).In(loc)
		v := bar{X: float64(i * barStep), Height: scale(b.Count), ErrHeight: scale(b.Errors), Empty: b.Count == 0}
		v.Y, v.ErrY = chartHeight-v.Height, chartHeight-v.ErrHeight
		v.Label = fmt.Sprintf("%s – %s: %s", clock(from, h.width), clock(to, h.width), plural(b.Count, "hit"))
		if b.Errors > 0 {
			v.Label += ", " + plural(b.Errors, "error")
		}
		v.URL = link(from, to)
		c.Bars = append(c.Bars, v)
	}
	c.Ticks = h.ticks(loc)
	return c
}

// ticks are round times, at most seven.
func (h *histogram) ticks(loc *time.Location) (list []tick) {
	total := h.width * int64(len(h.buckets))
	step := h.width
	for i := 0; total/step > 6; i++ {
		if i < len(widths) {
			step = max(step, widths[i])
		} else {
			step *= 2
		}
	}
	for at := (floor(h.start-1, step) + 1) * step; at < h.start+total; at += step {
		// One at the edge would be cut off.
		if x := float64(at-h.start) / float64(total) * 100; x > 3 && x < 97 {
			list = append(list, tick{x, clock(time.UnixMilli(at).In(loc), step)})
		}
	}
	return list
}

// clock writes a time as exactly as a bar of that width needs.
func clock(t time.Time, width int64) string {
	switch {
	case width < 1000:
		return t.Format("15:04:05.000")
	case width < 3600e3:
		return t.Format("15:04:05")
	case width < 86400e3:
		return t.Format("Jan 2 15:04")
	}
	return t.Format("2006-01-02")
}
