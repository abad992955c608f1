// Package report keeps what was measured and shows it: as a table for a
// terminal, as JSON to be compared with later, as a part of a page and as a
// picture.
//
// Promise: every number shown is one that was measured in the runs at hand,
// except those of other programs, which are marked as measured earlier.
package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sluice/bench/proc"
	"sluice/bench/tally"
)

// Run is one run of a scenario. What is per record or document is a mean.
type Run struct {
	Records     int64        `json:"records"`
	CPU         float64      `json:"cpu_seconds_per_million"`    // user and system, of the agent alone
	System      float64      `json:"system_seconds_per_million"` // of these, in the kernel
	Rate        float64      `json:"records_per_second"`
	DocBytes    float64      `json:"document_bytes"`
	TextBytes   float64      `json:"bulk_bytes_per_document"` // of bodies, uncompressed
	WireBytes   float64      `json:"sent_bytes_per_document"` // of bodies as sent
	Requests    int64        `json:"requests"`
	Allocs      float64      `json:"allocations_per_record"` // negative: the agent did not say
	RSSMax      int64        `json:"rss_max_bytes"`
	HeapAtMax   float64      `json:"heap_at_max_bytes,omitempty"`   // where that was looked at
	BudgetAtMax float64      `json:"buffer_at_max_bytes,omitempty"` // of the heap: what the buffers count
	BufferBytes int64        `json:"buffer_bytes"`                  // written to the disk
	Delays      tally.Delays `json:"delays"`                        // written to stored; of loads at a steady rate
	Lost        int64        `json:"lost"`
	Doubled     int64        `json:"doubled"`
	Strange     int64        `json:"strange"` // documents that no generator made
	Repeats     int64        `json:"repeats"` // sent twice, stored once
}

// Whole reports whether each record made is there, once.
func (r Run) Whole() bool { return r.Lost == 0 && r.Doubled == 0 && r.Strange == 0 }

// Scenario is one load and its runs.
type Scenario struct {
	Name      string  `json:"name"`
	Title     string  `json:"title"`
	Target    float64 `json:"cpu_target,omitempty"` // CPU seconds per million; 0: none
	Goal      float64 `json:"cpu_goal,omitempty"`
	RSSTarget int64   `json:"rss_target_bytes,omitempty"`
	Runs      []Run   `json:"runs"`
	Failed    string  `json:"failed,omitempty"` // why there are fewer runs than wanted
}

// Origin says of what, where and when something was measured.
type Origin struct {
	Date    time.Time    `json:"date"`
	Version string       `json:"version"` // of sluice
	Machine proc.Machine `json:"machine"`
	Load    float64      `json:"load_average_before"` // of the minute before the first run
}

// Results are what one `make bench` found.
type Results struct {
	Origin
	Scenarios []Scenario `json:"scenarios"`
}

// Whole reports whether all runs were made and none lost or doubled anything.
func (r *Results) Whole() bool {
	for _, s := range r.Scenarios {
		if s.Failed != "" {
			return false
		}
		for _, run := range s.Runs {
			if !run.Whole() {
				return false
			}
		}
	}
	return true
}

// spread are the least, the middle and the greatest of a number over the runs;
// of an even count the middle is the mean of the two.
type spread struct{ min, median, max float64 }

func (s Scenario) spread(of func(Run) float64) spread {
	if len(s.Runs) == 0 {
		return spread{}
	}
	v := make([]float64, 0, len(s.Runs))
	for _, r := range s.Runs {
		v = append(v, of(r))
	}
	slices.Sort(v)
	n := len(v)
	return spread{v[0], (v[(n-1)/2] + v[n/2]) / 2, v[n-1]}
}

func (s Scenario) median(of func(Run) float64) float64 { return s.spread(of).median }

// CPU is the median of CPU seconds per million records.
func (s Scenario) CPU() float64 { return s.median(func(r Run) float64 { return r.CPU }) }

// Sum adds up a count over the runs.
func (s Scenario) sum(of func(Run) int64) (n int64) {
	for _, r := range s.Runs {
		n += of(r)
	}
	return n
}

// Save writes the results as DIR/DATE.json and returns the path. A second
// measurement of the same day takes the first one's place.
func (r *Results) Save(dir string) (string, error) { return save(dir, "", r.Date, r) }

func save(dir, kind string, date time.Time, v any) (string, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, kind+date.UTC().Format("2006-01-02")+".json")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, append(b, '\n'), 0o644)
}
