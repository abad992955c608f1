package filter

import (
	"errors"
	"regexp"
	"sync"

	"sluice/event"
)

// TagNormaliserConfig is the output tag_normaliser, which the logging operator
// writes: a record's new tag is made of what Kubernetes knows of it.
type TagNormaliserConfig struct {
	Format    string `conf:"format"`     // text with ${pod_name}, ${labels.app} and the like
	Unknown   string `conf:"unknown"`    // for what is not known
	KeyPrefix string `conf:"key_prefix"` // the field that the names are below
}

// DefaultTagNormaliserConfig is the plug-in's.
func DefaultTagNormaliserConfig() TagNormaliserConfig {
	return TagNormaliserConfig{Format: "${namespace_name}.${pod_name}.${container_name}", Unknown: "unknown", KeyPrefix: "kubernetes"}
}

// TagNormaliser implements forwarder.Retagger.
type TagNormaliser struct {
	literals []string // one before each value, and one behind the last
	values   []accessor
	unknown  string
	pool     sync.Pool // of *rewriteRun
}

var braced = regexp.MustCompile(`\$\{([^}]*)\}`)

// NewTagNormaliser reads the format. Its errors are setting.Errors, joined.
func NewTagNormaliser(cfg TagNormaliserConfig) (*TagNormaliser, error) {
	n := &TagNormaliser{unknown: cfg.Unknown}
	n.pool.New = func() any { return &rewriteRun{names: map[string]string{}} }
	var errs []error
	end := 0
	for _, at := range braced.FindAllStringSubmatchIndex(cfg.Format, -1) {
		a, err := parseAccessor("$." + cfg.KeyPrefix + "." + cfg.Format[at[2]:at[3]])
		if err != nil {
			errs = append(errs, refuse("format", "%w", err))
		}
		n.literals, n.values = append(n.literals, cfg.Format[end:at[0]]), append(n.values, a)
		end = at[1]
	}
	n.literals = append(n.literals, cfg.Format[end:])
	if cfg.Format == "" {
		errs = append(errs, refuse("format", "the format is empty: write ${namespace_name}.${pod_name}"))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return n, nil
}

// Retag gives the live records their tags.
func (n *TagNormaliser) Retag(b *event.Batch, tags []string) {
	run := n.pool.Get().(*rewriteRun)
	defer n.pool.Put(run)
	run.readers = run.readers[:0]
	for i := range n.values {
		run.readers = append(run.readers, n.values[i].on(b))
	}
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		run.tag = run.tag[:0]
		for j := range n.values {
			run.tag = append(run.tag, n.literals[j]...)
			from := len(run.tag)
			if v, ok := run.readers[j].get(b, i); ok {
				run.tag = appendText(run.tag, b.Bytes(v), v.Kind)
			}
			if len(run.tag) == from {
				run.tag = append(run.tag, n.unknown...)
			}
		}
		run.tag = append(run.tag, n.literals[len(n.values)]...)
		tags[i] = run.name()
	}
}
