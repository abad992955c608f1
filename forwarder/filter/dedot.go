package filter

import (
	"bytes"
	"strings"
	"sync"

	"sluice/event"
	"sluice/parser"
)

// DedotConfig is fluent-plugin-dedot_filter: dots in names become something
// else, because a store would take them for a path.
type DedotConfig struct {
	DeDot     bool   `conf:"de_dot"`
	Nested    bool   `conf:"de_dot_nested"`    // names within values too
	Separator string `conf:"de_dot_separator"` // what stands for a dot
}

// DefaultDedotConfig is the plug-in's.
func DefaultDedotConfig() DedotConfig { return DedotConfig{DeDot: true, Separator: "_"} }

// Dedot replaces dots in names. Of two names that become the same the last
// counts.
type Dedot struct {
	cfg  DedotConfig
	pool sync.Pool // of *[]uint16
}

// NewDedot checks the settings. Its error is a setting.Error.
func NewDedot(cfg DedotConfig) (*Dedot, error) {
	if strings.Contains(cfg.Separator, ".") {
		return nil, refuse("de_dot_separator", "the separator %q holds a dot itself", cfg.Separator)
	}
	d := &Dedot{cfg: cfg}
	d.pool.New = func() any { return &[]uint16{} }
	return d, nil
}

// Apply renames the fields of every live record.
func (d *Dedot) Apply(b *event.Batch) {
	if !d.cfg.DeDot || !anyLive(b) {
		return
	}
	renamed := d.pool.Get().(*[]uint16)
	defer d.pool.Put(renamed)
	*renamed = (*renamed)[:0]
	n := len(b.Keys)
	for k := range n {
		to := uint16(k)
		if name := b.Keys[k]; strings.Contains(name, ".") && !b.Full() {
			to = b.KeyString(strings.ReplaceAll(name, ".", d.cfg.Separator))
		}
		*renamed = append(*renamed, to)
	}
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			d.rename(b, i, *renamed)
		}
	}
}

func (d *Dedot) rename(b *event.Batch, i int, to []uint16) {
	fs, changed := b.FieldsOf(i), false
	for j := range fs {
		f := &fs[j]
		if to[f.Key] != f.Key {
			f.Key, changed = to[f.Key], true
		}
		if !d.cfg.Nested || !nested(b, f.Val) || !bytes.Contains(b.Bytes(f.Val), []byte(".")) {
			continue
		}
		v := asJSON(b, f.Val)
		from := len(b.Arena)
		b.Arena = d.appendRenamed(b.Arena, b.Bytes(v))
		f.Val = b.Since(from, event.JSON)
	}
	if changed {
		b.Recs[i].NField = uint16(parser.LastWins(fs))
	}
}

// appendRenamed appends the JSON value p with the names within it changed.
func (d *Dedot) appendRenamed(dst, p []byte) []byte {
	m, ok := parser.OpenMembers(p)
	if !ok {
		return append(dst, p...)
	}
	c := newContainer(&m)
	dst = c.open(dst)
	for m.Next() {
		if dst = c.next(dst); m.Object() {
			dst = append(dst, '"')
			for name := m.Name(); ; {
				dot := bytes.IndexByte(name, '.')
				if dot < 0 {
					dst = append(dst, name...)
					break
				}
				dst = append(append(dst, name[:dot]...), d.cfg.Separator...)
				name = name[dot+1:]
			}
			dst = append(dst, '"', ':')
		}
		dst = d.appendRenamed(dst, m.Value())
	}
	return c.close(dst)
}
