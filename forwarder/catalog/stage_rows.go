package catalog

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// concatConfig is concat's, and where goes what waited for too long.
type concatConfig struct {
	filter.ConcatConfig `conf:",inline"`
	TimeoutLabel        string `conf:"timeout_label"`
}

func defaultConcat() concatConfig { return concatConfig{ConcatConfig: filter.DefaultConcatConfig()} }

// placedError is an error about a parameter of this room's.
type placedError struct {
	field string
	error
}

func (e placedError) Field() string { return e.field }

func newConcat(c *Context, cfg concatConfig) (forwarder.Step, error) {
	if cfg.TimeoutLabel != "" && !c.builder.labels[cfg.TimeoutLabel] {
		known := strings.Join(slices.Sorted(maps.Keys(c.builder.labels)), ", ")
		return forwarder.Step{}, placedError{"timeout_label", errors.New("there is no label " + cfg.TimeoutLabel + "; there are: " + known)}
	}
	s, err := filter.NewConcat(cfg.ConcatConfig)
	if err == nil {
		c.keep(s)
	}
	return forwarder.Step{Stage: s, Late: cfg.TimeoutLabel}, err
}

var exceptionParams = params{unneeded: map[string]string{
	"force_line_breaks": "lines without a line break get one where they are joined",
}}

func newDetectExceptions(c *Context, cfg filter.DetectExceptionsConfig) (forwarder.Step, error) {
	s, err := filter.NewDetectExceptions(cfg)
	if err == nil {
		c.keep(s)
	}
	return forwarder.Step{Stage: s}, err
}

// exceptionsMatch is detect_exceptions as the plug-in has it: an output, whose
// records begin again under another tag.
type exceptionsMatch struct {
	filter.DetectExceptionsConfig `conf:",inline"`
	RemoveTagPrefix               string `conf:"remove_tag_prefix"`
}

func defaultExceptions() exceptionsMatch {
	return exceptionsMatch{DetectExceptionsConfig: filter.DefaultDetectExceptionsConfig()}
}

// detectExceptions makes the stage, and what takes the prefix off.
func detectExceptions(c *Context, e *conf.Element) (output, conf.Problems, error) {
	label, problems := c.builder.labelOf(e, "")
	make := func(_ *Context, cfg exceptionsMatch) (output, error) {
		if cfg.RemoveTagPrefix == "" && label == "" {
			return output{}, placedError{"remove_tag_prefix", errors.New("without remove_tag_prefix or @label the records would come back here; set one of them")}
		}
		s, err := filter.NewDetectExceptions(cfg.DetectExceptionsConfig)
		if err == nil {
			c.keep(s)
		}
		return output{
			Before: []forwarder.Step{{Stage: s, Name: c.Name}},
			To:     []forwarder.Output{{Retag: cutPrefix(cfg.RemoveTagPrefix), Label: label}},
		}, err
	}
	out, found, err := outputOf(defaultExceptions, make, exceptionParams)(c, e)
	return out, append(problems, found...), err
}

// cutPrefix takes a prefix and a dot off the tag.
type cutPrefix string

// Retag implements forwarder.Retagger.
func (p cutPrefix) Retag(b *event.Batch, tags []string) {
	tag := b.Tag
	if rest, ok := strings.CutPrefix(tag, string(p)+"."); ok && p != "" {
		tag = rest
	}
	for i := range b.Recs {
		tags[i] = tag
	}
}
