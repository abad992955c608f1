package filter

import (
	"context"
	"errors"
	"time"

	"sluice/event"
	"sluice/parser/rubyexp"
)

// ConcatConfig is fluent-plugin-concat: the texts of several records become
// one record's.
type ConcatConfig struct {
	Key               string        `conf:"key,required"` // the field whose texts are joined
	Separator         string        `conf:"separator"`
	NLines            int           `conf:"n_lines"`
	StartRegexp       string        `conf:"multiline_start_regexp"`
	EndRegexp         string        `conf:"multiline_end_regexp"`
	ContinuousRegexp  string        `conf:"continuous_line_regexp"`
	StreamIdentityKey string        `conf:"stream_identity_key"` // lines of several streams under one tag are told apart by this field
	FlushInterval     time.Duration `conf:"flush_interval"`      // 0: what is open waits for ever
	UseFirstTimestamp bool          `conf:"use_first_timestamp"`

	PartialKey     string `conf:"partial_key"`
	PartialValue   string `conf:"partial_value"`
	KeepPartialKey bool   `conf:"keep_partial_key"`

	UsePartialMetadata    bool   `conf:"use_partial_metadata"` // Docker's fields
	PartialMetadataFormat string `conf:"partial_metadata_format,oneof=docker-fluentd|docker-journald|docker-journald-lowercase"`
	KeepPartialMetadata   bool   `conf:"keep_partial_metadata"`

	UsePartialCRILogtag bool   `conf:"use_partial_cri_logtag"` // P and F of container files
	CRILogtagKey        string `conf:"partial_cri_logtag_key"`
	CRIStreamKey        string `conf:"partial_cri_stream_key"`
}

// DefaultConcatConfig is the plug-in's.
func DefaultConcatConfig() ConcatConfig {
	return ConcatConfig{
		Separator: "\n", FlushInterval: time.Minute, PartialMetadataFormat: "docker-fluentd",
		CRILogtagKey: "logtag", CRIStreamKey: "stream",
	}
}

// Concat is a stage: what is open is held, and its receipts with it.
//
// It differs from the plug-in in what happens to what waited for too long and
// has no timeout_label: there it is an error, here it goes on like all else.
type Concat struct {
	cfg                    ConcatConfig
	join                   *joiner
	identity               accessor // top empty: the tag alone
	start, end, continuous *rubyexp.Regexp
	partial                accessor // the field that says whether more comes
	id, stream             accessor // of partial metadata and of CRI
	removed                []string // fields that no joined record keeps
}

// NewConcat checks the settings. Its errors are setting.Errors.
func NewConcat(cfg ConcatConfig) (*Concat, error) {
	key, err := ownField("key", cfg.Key)
	if err != nil {
		return nil, err
	}
	c := &Concat{cfg: cfg, join: newJoiner(key)}
	c.join.separator, c.join.wait, c.join.firstTime = cfg.Separator, cfg.FlushInterval, cfg.UseFirstTimestamp
	if cfg.StreamIdentityKey != "" {
		if c.identity, err = parseAccessor(cfg.StreamIdentityKey); err != nil {
			return nil, refuse("stream_identity_key", "%w", err)
		}
	}
	if err := c.oneMode(); err != nil {
		return nil, err
	}
	errs := []error{
		c.regexp("multiline_start_regexp", cfg.StartRegexp, &c.start), c.regexp("multiline_end_regexp", cfg.EndRegexp, &c.end),
		c.regexp("continuous_line_regexp", cfg.ContinuousRegexp, &c.continuous), c.partials(),
	}
	return c, errors.Join(errs...)
}

// ownField is a field of the record itself.
func ownField(setting, name string) (accessor, error) {
	a, err := parseAccessor(name)
	if err == nil && len(a.below) > 0 {
		err = errors.New("it must be a field of the record's own")
	}
	if err != nil {
		return a, refuse(setting, "%w", err)
	}
	a.shared = nil
	return a, nil
}

// oneMode refuses settings that say in two ways, or in none, what belongs
// together.
func (c *Concat) oneMode() error {
	cfg, modes := &c.cfg, 0
	byRegexp := cfg.StartRegexp != "" || cfg.EndRegexp != ""
	for _, on := range []bool{cfg.NLines > 0, byRegexp, cfg.PartialKey != "", cfg.UsePartialMetadata, cfg.UsePartialCRILogtag} {
		if on {
			modes++
		}
	}
	const which = "n_lines, multiline_start_regexp or multiline_end_regexp, partial_key, use_partial_metadata, use_partial_cri_logtag"
	switch {
	case cfg.NLines < 0:
		return refuse("n_lines", "n_lines is %d; it must be 1 or more", cfg.NLines)
	case modes == 0:
		return refuse("key", "concat does not know which records belong together; set one of %s", which)
	case modes > 1:
		return refuse("key", "only one of %s may be set", which)
	case cfg.ContinuousRegexp != "" && !byRegexp:
		return refuse("continuous_line_regexp", "continuous_line_regexp needs multiline_start_regexp")
	case cfg.PartialKey != "" && cfg.PartialValue == "":
		return refuse("partial_value", "partial_key needs partial_value: what the field says while more comes")
	case cfg.FlushInterval < 0:
		return refuse("flush_interval", "flush_interval is negative")
	}
	return nil
}

func (c *Concat) regexp(field, pattern string, into **rubyexp.Regexp) error {
	if pattern == "" {
		return nil
	}
	re, err := rubyexp.Compile(pattern, rubyexp.Options{})
	if err != nil {
		return refuse(field, "%w", err)
	}
	*into = re
	return nil
}

// Warnings says which patterns are slow.
func (c *Concat) Warnings() (list []string) {
	for _, re := range []*rubyexp.Regexp{c.start, c.end, c.continuous} {
		if re != nil && re.Warning() != "" {
			list = append(list, re.Warning())
		}
	}
	return list
}

// KeepWith says who keeps what is open while a client waits. It is called
// before the first Process.
func (c *Concat) KeepWith(k Keeper) { c.join.keeper = k }

// Process implements forwarder.Stage.
func (c *Concat) Process(ctx context.Context, b *event.Batch, emit, late event.Emit) error {
	return c.join.process(ctx, b, emit, late, c.begin)
}

// Flush implements forwarder.Stage.
func (c *Concat) Flush(ctx context.Context, now time.Time, all bool) error {
	return c.join.flush(ctx, now, all)
}
