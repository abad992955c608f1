package filter

import (
	"container/list"
	"strings"
	"sync"
	"time"

	"sluice/event"
	"sluice/parser"
)

// ThrottleConfig is fluent-plugin-throttle: each group of records may be so
// many in a period.
type ThrottleConfig struct {
	GroupKey     []string `conf:"group_key"`             // the fields whose values are the groups; a dot goes deeper
	PeriodS      int      `conf:"group_bucket_period_s"` // seconds
	Limit        int      `conf:"group_bucket_limit"`    // records in a period
	DropLogs     bool     `conf:"group_drop_logs"`       // false: only say so
	ResetRateS   int      `conf:"group_reset_rate_s"`    // records a second below which a group that was throttled comes back; -1: at the next period
	WarningDelay int      `conf:"group_warning_delay_s"` // seconds between two warnings about a group

	// Warn is told when a group is over its limit, at most once in WarningDelay,
	// and when its rate is down again. nil: nobody.
	Warn func(message, group string, rate int)
}

// DefaultThrottleConfig is the plug-in's. ResetRateS 0 stands for Limit by
// PeriodS.
func DefaultThrottleConfig() ThrottleConfig {
	return ThrottleConfig{GroupKey: []string{"kubernetes.container_name"}, PeriodS: 60, Limit: 6000, DropLogs: true, WarningDelay: 10}
}

// Throttle drops what a group has too much of. Groups are forgotten when they
// have been silent for two periods.
type Throttle struct {
	cfg  ThrottleConfig
	keys []accessor

	mu     sync.Mutex
	groups map[string]*list.Element // of *throttled
	recent *list.List               // the one used last at the back
	text   []byte
	unit   []reader
}

type throttled struct {
	name      string
	count     int // in this period; -1: used up
	period    int64
	rate      int // a second, about
	rateCount int
	rateSince time.Time
	warned    time.Time
}

// maxThrottled bounds what ever new values may cost.
const maxThrottled = 100000

// NewThrottle checks the settings. Its error is a setting.Error.
func NewThrottle(cfg ThrottleConfig) (*Throttle, error) {
	switch {
	case len(cfg.GroupKey) == 0:
		return nil, refuse("group_key", "group_key is empty; write the field whose values are the groups")
	case cfg.PeriodS < 1:
		return nil, refuse("group_bucket_period_s", "group_bucket_period_s is %d; it must be 1 second or more", cfg.PeriodS)
	case cfg.Limit < 1:
		return nil, refuse("group_bucket_limit", "group_bucket_limit is %d; it must be 1 record or more", cfg.Limit)
	case cfg.ResetRateS < -1:
		return nil, refuse("group_reset_rate_s", "group_reset_rate_s is %d; it must be -1 or more", cfg.ResetRateS)
	case cfg.ResetRateS > cfg.Limit/cfg.PeriodS:
		return nil, refuse("group_reset_rate_s", "group_reset_rate_s is %d, above group_bucket_limit / group_bucket_period_s, which is %d", cfg.ResetRateS, cfg.Limit/cfg.PeriodS)
	case cfg.WarningDelay < 1:
		return nil, refuse("group_warning_delay_s", "group_warning_delay_s is %d; it must be 1 second or more", cfg.WarningDelay)
	}
	if cfg.ResetRateS == 0 {
		cfg.ResetRateS = cfg.Limit / cfg.PeriodS
	}
	t := &Throttle{cfg: cfg, groups: map[string]*list.Element{}, recent: list.New()}
	for _, key := range cfg.GroupKey {
		var path []parser.Step
		a, err := parseAccessor(key)
		if err == nil && len(a.below) == 0 && strings.Contains(key, ".") {
			for name := range strings.SplitSeq(key, ".") {
				path = append(path, parser.Step{Name: name, Index: -1})
			}
			a, err = newAccessor(path)
		}
		if err != nil {
			return nil, refuse("group_key", "%w", err)
		}
		t.keys = append(t.keys, a)
	}
	return t, nil
}

// Apply drops what is too much.
func (t *Throttle) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unit = t.unit[:0]
	for i := range t.keys {
		t.unit = append(t.unit, t.keys[i].on(b))
	}
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		t.text = t.text[:0]
		for j := range t.unit {
			if j > 0 {
				t.text = append(t.text, ' ')
			}
			if v, ok := t.unit[j].get(b, i); ok {
				t.text = appendText(t.text, b.Bytes(v), v.Kind)
			}
		}
		if !t.passes(t.group(now), now) && t.cfg.DropLogs {
			b.Recs[i].State = event.Dropped
		}
	}
}

// group finds the group t.text, and forgets the one that was silent longest.
func (t *Throttle) group(now time.Time) *throttled {
	el := t.groups[string(t.text)]
	if el == nil {
		g := &throttled{name: string(t.text), period: t.period(now), rateSince: now}
		el = t.recent.PushBack(g)
		t.groups[g.name] = el
	}
	t.recent.MoveToBack(el)
	oldest := t.recent.Front()
	if old := oldest.Value.(*throttled); oldest != el &&
		(now.Sub(old.rateSince) > 2*time.Duration(t.cfg.PeriodS)*time.Second || len(t.groups) > maxThrottled) {
		t.recent.Remove(oldest)
		delete(t.groups, old.name)
	}
	return el.Value.(*throttled)
}

func (t *Throttle) period(now time.Time) int64 { return now.Unix() / int64(t.cfg.PeriodS) }

// passes counts a record of the group.
func (t *Throttle) passes(g *throttled, now time.Time) bool {
	g.rateCount++
	if since := now.Sub(g.rateSince); since >= time.Second {
		g.rate = int(float64(g.rateCount)/since.Seconds() + 0.5)
		g.rateCount, g.rateSince = 0, now
	}
	if p := t.period(now); p > g.period {
		if g.count < 0 && t.cfg.ResetRateS != -1 && g.rate >= t.cfg.ResetRateS {
			t.warn(g, now)
			return false
		}
		if g.count < 0 && t.cfg.Warn != nil {
			t.cfg.Warn("rate is down again", g.name, g.rate)
		}
		g.count, g.period = 0, p
	} else if g.count < 0 {
		t.warn(g, now)
		return false
	}
	if g.count++; g.count > t.cfg.Limit {
		g.count = -1
		t.warn(g, now)
		return false
	}
	return true
}

func (t *Throttle) warn(g *throttled, now time.Time) {
	if t.cfg.Warn != nil && now.Sub(g.warned) >= time.Duration(t.cfg.WarningDelay)*time.Second {
		g.warned = now
		t.cfg.Warn("rate exceeded", g.name, g.rate)
	}
}
