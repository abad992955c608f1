package catalog

import (
	"sync"

	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// annotations is the step that does what pods' annotations ask for.
func annotations(c *Context) (forwarder.Step, error) {
	log, told := c.Log, &once{}
	f, err := filter.NewAnnotations(filter.AnnotationsConfig{Unknown: func(name string, f *event.Fragment) {
		if told.first(f.Namespace + "/" + f.Pod + " " + name) {
			log.Warn("a pod's annotation names a parser that there is not; its lines stay as they are",
				"pod", f.Namespace+"/"+f.Pod, "parser", name, "parsers", filter.AnnotationParsers())
		}
	}})
	return forwarder.Step{Filter: f}, err
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
