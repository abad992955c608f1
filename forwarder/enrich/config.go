package enrich

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Config is the section kubernetes.
type Config struct {
	Enabled     string        `conf:"enabled,oneof=auto|true|false"` // auto: where a pod's service account is
	Node        string        `conf:"node"`
	Kubeconfig  string        `conf:"kubeconfig"` // instead of the pod's service account
	Wait        time.Duration `conf:"wait"`       // how long a log waits for its pod, once
	Labels      []string      `conf:"labels"`     // names, or only "all"
	Annotations []string      `conf:"annotations"`

	Save   time.Duration // between two looks at whether the cache file is out of date
	Retain time.Duration // how long a pod that is gone is known without a log of it
}

// DefaultConfig puts all labels and no annotation on records.
func DefaultConfig() Config {
	return Config{Enabled: "auto", Wait: 2 * time.Second, Labels: []string{"all"}, Save: 10 * time.Second, Retain: 10 * time.Minute}
}

// Check reports what cannot be meant.
func (c *Config) Check() error {
	switch {
	case c.Wait < 0:
		return fmt.Errorf("kubernetes.wait %s must not be negative", c.Wait)
	case c.Enabled == "true" && c.Node == "":
		return fmt.Errorf("kubernetes.node is not set: set NODE_NAME to the pod's spec.nodeName")
	case len(c.Labels) > 1 && slices.Contains(c.Labels, "all"):
		return fmt.Errorf("kubernetes.labels: all stands beside other names: write all alone, or only names")
	case slices.Contains(c.Annotations, "all"):
		return fmt.Errorf("kubernetes.annotations: all is no choice: annotations may be large; name the ones to keep")
	}
	return nil
}

// wantsLabel reports whether records show a label of the pod.
func (c *Config) wantsLabel(name string) bool {
	return len(c.Labels) == 1 && c.Labels[0] == "all" || slices.Contains(c.Labels, name)
}

// wantsAnnotation reports whether an annotation is kept: shown, or obeyed.
func (c *Config) wantsAnnotation(name string) bool {
	return c.showsAnnotation(name) || strings.HasPrefix(name, ownPrefix) || strings.HasPrefix(name, fluentBitPrefix)
}

// showsAnnotation reports whether records show an annotation.
func (c *Config) showsAnnotation(name string) bool { return slices.Contains(c.Annotations, name) }
