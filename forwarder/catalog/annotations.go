package catalog

import (
	"errors"
	"strings"
	"sync"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/filter"
	"sluice/setting"
)

// annotations is the step that does what pods' annotations ask for. section
// is where the parsers that they may name are written.
func annotations(c *Context, section string, parsers []filter.NamedParser) (*filter.Annotations, error) {
	var f *filter.Annotations
	log, told := c.Log, &once{}
	f, err := filter.NewAnnotations(filter.AnnotationsConfig{Parsers: parsers, Unknown: func(name string, of *event.Fragment) {
		if told.first(of.Namespace + "/" + of.Pod + " " + name) {
			log.Warn("a pod's annotation names a parser that there is not; its lines stay as they are",
				"pod", of.Namespace+"/"+of.Pod, "parser", name, "parsers", f.Names())
		}
	}})
	var at *setting.Error
	if errors.As(err, &at) {
		fix := ""
		if strings.HasSuffix(at.Field(), ".name") {
			fix = "write " + section + ": [{ name: NAME, ... }]"
			if section == "parse" {
				fix = "write <parse NAME>"
			}
		}
		return nil, fieldError{section + at.Field(), at.Error(), fix}
	}
	return f, err
}

// settingsAnnotations makes the step of the standard pipeline, nil where there
// is no metadata, and with it no annotation.
func (b *builder) settingsAnnotations(t *conf.Tree) (steps []forwarder.Step, problems conf.Problems, err error) {
	if b.d.Enrich == nil && len(b.s.Parsers) == 0 {
		return nil, nil, nil
	}
	f, err := annotations(b.context("annotations", "filter", forwarder.RootLabel), "parsers", b.s.Parsers)
	if err != nil {
		return nil, t.Explain("", err), nil
	}
	pos, _ := t.Locate("parsers")
	for _, text := range f.Warnings() {
		problems = append(problems, conf.Problem{Pos: pos, Severity: conf.Warning, What: text})
	}
	if b.d.Enrich == nil {
		return nil, problems, nil
	}
	every, err := forwarder.ParsePattern("**")
	return []forwarder.Step{{Filter: f, Match: every, Name: "annotations"}}, problems, err
}

// once remembers what was said.
type once struct {
	mu   sync.Mutex
	said map[string]bool
}

func (o *once) first(what string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.said) > 1000 || o.said == nil {
		o.said = map[string]bool{}
	}
	was := o.said[what]
	o.said[what] = true
	return !was
}
