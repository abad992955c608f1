package soak

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"sluice/bench/proc"
)

// Sample is what the agent holds at one moment.
type Sample struct {
	At          time.Duration // since the start
	Quiet       bool          // nothing was generated, and all had been delivered
	RSS         int64         // bytes
	Goroutines  int
	Descriptors int
}

// sample looks at a process, and asks its metrics.
func (r *rig) sample(ctx context.Context, client *http.Client, pid int) (s Sample, err error) {
	rss, err := proc.ReadRSS(pid)
	if err != nil {
		return s, err
	}
	s.RSS = rss.Now
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return s, err
	}
	s.Descriptors = len(fds)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.metrics+"/metrics", nil)
	if err != nil {
		return s, err
	}
	res, err := client.Do(req)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return s, err
	}
	for line := range bytes.Lines(text) {
		if n, ok := bytes.CutPrefix(line, []byte("go_goroutines ")); ok {
			s.Goroutines, err = strconv.Atoi(string(bytes.TrimSpace(n)))
			return s, err
		}
	}
	return s, fmt.Errorf("the metrics have no go_goroutines")
}

// slope is by how many bytes the RSS grows in an hour, by least squares over
// the samples.
func slope(samples []Sample) float64 {
	var n, sx, sy, sxx, sxy float64
	for _, s := range samples {
		x, y := s.At.Hours(), float64(s.RSS)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if d := n*sxx - sx*sx; d > 0 {
		return (n*sxy - sx*sy) / d
	}
	return 0
}

// span is the least and the most of something over the samples.
func span[T int | int64](samples []Sample, of func(Sample) T) (least, most T) {
	if len(samples) == 0 {
		return 0, 0
	}
	list := make([]T, len(samples))
	for i, s := range samples {
		list[i] = of(s)
	}
	return slices.Min(list), slices.Max(list)
}

// quiet are the samples at rest, from a time on.
func quiet(samples []Sample, from time.Duration) (list []Sample) {
	for _, s := range samples {
		if s.Quiet && s.At >= from {
			list = append(list, s)
		}
	}
	return list
}
