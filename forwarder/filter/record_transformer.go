package filter

import (
	"errors"
	"os"
	"sync"

	"sluice/event"
)

// RecordTransformerConfig is Fluentd's filter record_transformer without its
// Ruby.
//
// A value of Record is a text with placeholders ${...}: record["key"] (also
// ["a"]["b"], ['a'] and, in an array, [0]), tag, tag_parts[n], tag_prefix[n],
// tag_suffix[n] (n from 0, or from the end if negative), time (in UTC) and
// hostname. A value that is one placeholder keeps its type, and is null if
// there is no such value; amid other text that is the empty text. All values
// are made from the record as it came.
type RecordTransformerConfig struct {
	Record       []event.Pair `conf:"record,map"`
	RemoveKeys   []string     `conf:"remove_keys"`
	KeepKeys     []string     `conf:"keep_keys"`     // of the record that came; with renew_record only
	RenewRecord  bool         `conf:"renew_record"`  // begin with an empty record
	AutoTypecast bool         `conf:"auto_typecast"` // false: every value becomes a text
	EnableRuby   bool         `conf:"enable_ruby"`   // accepted; what would need Ruby is refused all the same
}

// DefaultRecordTransformerConfig changes nothing.
func DefaultRecordTransformerConfig() RecordTransformerConfig {
	return RecordTransformerConfig{AutoTypecast: true}
}

// RecordTransformer sets and removes fields.
type RecordTransformer struct {
	templates    []template
	keep, remove []string
	renew        bool
	pool         sync.Pool // of *transformRun
}

// transformRun is what one call of Apply needs.
type transformRun struct {
	keys         []uint16      // by template
	vals         []event.Value // by template: of the batch, or of the record at hand
	readers      []reader      // of all templates' record parts, in order
	keep, remove []uint16
	kept         []event.Field
	null         event.Value
}

// NewRecordTransformer reads the templates. Its errors are FieldErrors, joined.
func NewRecordTransformer(cfg RecordTransformerConfig) (*RecordTransformer, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, refuse("record", "cannot find this host's name: %w", err)
	}
	t := &RecordTransformer{renew: cfg.RenewRecord}
	t.pool.New = func() any { return &transformRun{} }
	var errs []error
	reads := 0
	for _, p := range cfg.Record {
		tpl, err := parseTemplate(p.Name, p.Value, hostname, cfg.AutoTypecast)
		if err != nil {
			errs = append(errs, refuse("record."+p.Name, "%w", err))
		}
		tpl.first = reads
		for _, p := range tpl.parts {
			if p.kind == partRecord {
				reads++
			}
		}
		t.templates = append(t.templates, tpl)
	}
	if len(cfg.KeepKeys) > 0 && !cfg.RenewRecord {
		errs = append(errs, refuse("keep_keys", "keep_keys needs renew_record: true"))
	}
	var keepErr, removeErr error
	t.keep, keepErr = topLevel("keep_keys", cfg.KeepKeys)
	t.remove, removeErr = topLevel("remove_keys", cfg.RemoveKeys)
	if err := errors.Join(append(errs, keepErr, removeErr)...); err != nil {
		return nil, err
	}
	return t, nil
}

// topLevel reads names of a record's own fields and refuses what lies deeper.
func topLevel(field string, names []string) (fields []string, err error) {
	for _, name := range names {
		a, err := parseAccessor(name)
		if err != nil {
			return nil, refuse(field, "%w", err)
		}
		if len(a.below) > 0 {
			return nil, refuse(field, "%s is not a record's own field but within one; name the field, %s", name, a.top)
		}
		fields = append(fields, a.top)
	}
	return fields, nil
}

// Apply transforms every live record.
func (t *RecordTransformer) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	run := t.pool.Get().(*transformRun)
	defer t.pool.Put(run)
	t.prepare(b, run)
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			t.transform(b, i, run)
		}
	}
}

// prepare does what is the same for all records of b.
func (t *RecordTransformer) prepare(b *event.Batch, run *transformRun) {
	if len(t.templates) > 0 {
		run.null = b.PutString("null", event.JSON)
	}
	run.keys, run.vals, run.readers = run.keys[:0], run.vals[:0], run.readers[:0]
	for i := range t.templates {
		tpl := &t.templates[i]
		run.keys = append(run.keys, b.KeyString(tpl.name))
		for j := range tpl.parts {
			if p := &tpl.parts[j]; p.kind == partRecord {
				run.readers = append(run.readers, p.at.on(b))
			}
		}
		v := run.null
		if !tpl.varies {
			if made, ok := tpl.render(b, -1, nil); ok {
				v = made
			}
		}
		run.vals = append(run.vals, v)
	}
	run.keep, run.remove = keysOf(b, run.keep[:0], t.keep), keysOf(b, run.remove[:0], t.remove)
}

func keysOf(b *event.Batch, keys []uint16, names []string) []uint16 {
	for _, name := range names {
		keys = append(keys, b.KeyString(name))
	}
	return keys
}

func (t *RecordTransformer) transform(b *event.Batch, i int, run *transformRun) {
	for j := range t.templates {
		tpl := &t.templates[j]
		if !tpl.varies {
			continue
		}
		v, ok := tpl.render(b, i, run.readers[tpl.first:])
		if !ok {
			v = run.null
		}
		run.vals[j] = v
	}
	if t.renew {
		run.kept = run.kept[:0]
		for _, key := range run.keep {
			if v, ok := b.Get(i, key); ok {
				run.kept = append(run.kept, event.Field{Key: key, Val: v})
			}
		}
		b.Recs[i].NField = 0
		for _, f := range run.kept {
			b.Set(i, f.Key, f.Val)
		}
	}
	for j, key := range run.keys {
		b.Set(i, key, run.vals[j])
	}
	for _, key := range run.remove {
		b.Unset(i, key)
	}
}
