package filter

import (
	"sync"
	"time"

	"sluice/event"
)

// SamplingConfig is fluent-plugin-sampling-filter: of every Interval records of
// a group the last one stays.
type SamplingConfig struct {
	Interval       int    `conf:"interval,required"`
	SampleUnit     string `conf:"sample_unit"`          // tag, all, or the name of the field whose values are the groups
	MinRatePerMin  int    `conf:"minimum_rate_per_min"` // the first so many of a group stay in any case, each minute
	maxGroups      int
	resetsEvery    time.Duration
	accessorOfUnit accessor
}

// DefaultSamplingConfig is the plug-in's.
func DefaultSamplingConfig() SamplingConfig { return SamplingConfig{SampleUnit: "tag"} }

// Sampling drops records, so that few of many stay.
type Sampling struct {
	cfg SamplingConfig

	mu     sync.Mutex
	groups map[string]*sampleGroup
	text   []byte
}

type sampleGroup struct {
	n     int // records so far, in this minute if a minimum is set
	until time.Time
}

// NewSampling checks the settings. Its error is a setting.Error.
func NewSampling(cfg SamplingConfig) (*Sampling, error) {
	if cfg.Interval < 1 {
		return nil, refuse("interval", "interval is %d; it must be 1 or more: of so many records one stays", cfg.Interval)
	}
	if cfg.MinRatePerMin < 0 {
		return nil, refuse("minimum_rate_per_min", "minimum_rate_per_min is %d; write how many records a minute stay in any case", cfg.MinRatePerMin)
	}
	cfg.maxGroups, cfg.resetsEvery = 10000, time.Minute
	if cfg.SampleUnit != "tag" && cfg.SampleUnit != "all" {
		a, err := parseAccessor(cfg.SampleUnit)
		if err != nil {
			return nil, refuse("sample_unit", "%w", err)
		}
		cfg.accessorOfUnit = a
	}
	return &Sampling{cfg: cfg, groups: map[string]*sampleGroup{}}, nil
}

// Apply drops what is not in the sample.
func (s *Sampling) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	var unit reader
	byField := s.cfg.accessorOfUnit.top != ""
	if byField {
		unit = s.cfg.accessorOfUnit.on(b)
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		s.text = s.text[:0]
		if byField {
			if v, ok := unit.get(b, i); ok {
				s.text = appendText(s.text, b.Bytes(v), v.Kind)
			}
		} else if s.cfg.SampleUnit == "tag" {
			s.text = append(s.text, b.Tag...)
		}
		if !s.takes(now) {
			b.Recs[i].State = event.Dropped
		}
	}
}

// takes counts a record of the group s.text.
func (s *Sampling) takes(now time.Time) bool {
	g := s.groups[string(s.text)]
	if g == nil {
		if len(s.groups) >= s.cfg.maxGroups { // ever new values must not fill the memory
			clear(s.groups)
		}
		g = &sampleGroup{until: now.Add(s.cfg.resetsEvery)}
		s.groups[string(s.text)] = g
	}
	if s.cfg.MinRatePerMin > 0 && !now.Before(g.until) {
		g.n, g.until = 0, now.Add(s.cfg.resetsEvery)
	}
	g.n++
	if g.n <= s.cfg.MinRatePerMin {
		return true
	}
	return g.n%s.cfg.Interval == 0
}
