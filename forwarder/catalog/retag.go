package catalog

import (
	"context"
	"sync"

	"sluice/event"
	"sluice/forwarder"
)

// retagged is a source whose records get a tag, or a prefix and a dot before
// the one they have. Their ids stay.
func retagged(s forwarder.Source, tag, prefix string) forwarder.Source {
	if tag == "" && prefix == "" {
		return s
	}
	return source(func(ctx context.Context, out forwarder.Out) error {
		return s.Run(ctx, &tagger{out: out, tag: tag, prefix: prefix, names: map[string]string{}})
	})
}

// tagger is the Out of a retagged source.
type tagger struct {
	out         forwarder.Out
	tag, prefix string

	mu    sync.Mutex
	names map[string]string // from the client's tags, so that a batch allocates nothing
}

// maxNames bounds what is kept of tags that clients choose.
const maxNames = 10000

func (t *tagger) name(tag string) string {
	if t.prefix == "" {
		return t.tag
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if name, ok := t.names[tag]; ok {
		return name
	}
	if len(t.names) >= maxNames {
		clear(t.names)
	}
	name := t.prefix + "." + tag
	if t.tag != "" {
		name = t.prefix + "." + t.tag
	}
	t.names[tag] = name
	return name
}

// Admit implements forwarder.Out.
func (t *tagger) Admit(tag string) <-chan struct{} { return t.out.Admit(t.name(tag)) }

// Emit implements forwarder.Out.
func (t *tagger) Emit(ctx context.Context, b *event.Batch) error {
	own := b.Tag
	b.Tag = t.name(own)
	err := t.out.Emit(ctx, b)
	b.Tag = own
	return err
}
