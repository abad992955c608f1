package filter

import (
	"errors"
	"os"
	"sync"

	"sluice/event"
	"sluice/forwarder/filter/ruby"
	"sluice/parser"
)

// RecordTransformerConfig is Fluentd's filter record_transformer.
//
// A value of Record is a text with placeholders ${...}: record["key"] (also
// ["a"]["b"], ['a'] and, in an array, [0]), tag, tag_parts[n], tag_prefix[n],
// tag_suffix[n] (n from 0, or from the end if negative), time (in UTC) and
// hostname. A value that is one placeholder keeps its type, and is null if
// there is no such value; amid other text that is the empty text. So it is with
// each text in a value that is a JSON object or array. All values are made from
// the record as it came.
//
// Under EnableRuby a placeholder holds Ruby: see package ruby for what of it.
// What it changes within a field's object or array is changed in the record; a
// field that it sets or deletes is so for later placeholders alone. A
// record whose Ruby raises an error is Failed, and stays as it was.
type RecordTransformerConfig struct {
	Record       []event.Pair `conf:"record,map"`
	RemoveKeys   []string     `conf:"remove_keys"`    // fields, or what lies in them: $.a.b
	KeepKeys     []string     `conf:"keep_keys"`      // of the record that came; with renew_record only
	RenewRecord  bool         `conf:"renew_record"`   // begin with an empty record
	RenewTimeKey string       `conf:"renew_time_key"` // the field with the record's new time, in Unix seconds
	AutoTypecast bool         `conf:"auto_typecast"`  // false: every value becomes a text
	EnableRuby   bool         `conf:"enable_ruby"`
}

// DefaultRecordTransformerConfig changes nothing.
func DefaultRecordTransformerConfig() RecordTransformerConfig {
	return RecordTransformerConfig{AutoTypecast: true}
}

// RecordTransformer sets and removes fields.
type RecordTransformer struct {
	templates []template
	compiler  *ruby.Compiler // nil: no template is in Ruby
	keep      []string
	remove    remover
	renew     bool
	direct    bool // Ruby changes the record itself, and not only what lies in its fields
	timeKey   string
	pool      sync.Pool // of *transformRun
}

// transformRun is what one call of Apply needs.
type transformRun struct {
	keys         []uint16      // by template
	vals         []event.Value // by template: of the batch, or of the record at hand
	readers      []reader      // of all templates' record parts, in order
	keep, remove []uint16
	kept         []event.Field
	null         event.Value
	env          *ruby.Env
	timeKey      uint16
	text         []byte
}

// NewRecordTransformer reads the templates. Its errors are setting.Errors, joined.
func NewRecordTransformer(cfg RecordTransformerConfig) (*RecordTransformer, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, refuse("record", "cannot find this host's name: %w", err)
	}
	t := &RecordTransformer{renew: cfg.RenewRecord, timeKey: cfg.RenewTimeKey}
	t.pool.New = func() any { return &transformRun{} }
	err = t.read(cfg, hostname)
	if len(cfg.KeepKeys) > 0 && !cfg.RenewRecord {
		err = errors.Join(err, refuse("keep_keys", "keep_keys needs renew_record: true"))
	}
	var keepErr, removeErr error
	t.keep, keepErr = topLevel("keep_keys", cfg.KeepKeys)
	t.remove, removeErr = newRemover("remove_keys", cfg.RemoveKeys)
	if err = flat(err, keepErr, removeErr); err != nil {
		return nil, err
	}
	return t, nil
}

// flat joins errors, each of which may be joined ones.
func flat(errs ...error) error {
	var all []error
	for _, err := range errs {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			all = append(all, many.Unwrap()...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// read reads the templates.
func (t *RecordTransformer) read(cfg RecordTransformerConfig, hostname string) error {
	var errs []error
	compiler := newCompiler(hostname)
	reads := 0
	for _, p := range cfg.Record {
		var tpl template
		var err error
		if cfg.EnableRuby {
			tpl, err = parseRuby(compiler, p.Name, p.Value, hostname, cfg.AutoTypecast)
		} else {
			tpl, err = parseTemplate(p.Name, p.Value, hostname, cfg.AutoTypecast)
		}
		if err != nil {
			errs = append(errs, refuse("record."+p.Name, "%w", err))
			continue
		}
		if tpl.ruby != nil {
			t.compiler = compiler
		}
		tpl.first = reads
		for _, p := range tpl.parts {
			if p.kind == partRecord {
				reads++
			}
		}
		t.templates = append(t.templates, tpl)
	}
	return errors.Join(errs...)
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
	if t.compiler != nil {
		run.env = t.compiler.Env(b)
		defer run.env.Close()
	}
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
		if tpl.ruby == nil && !tpl.varies {
			if made, ok := tpl.render(b, -1, nil); ok {
				v = made
			}
		}
		run.vals = append(run.vals, v)
	}
	run.keep, run.remove = keysOf(b, run.keep[:0], t.keep), t.remove.on(b, run.remove[:0])
	if t.timeKey != "" {
		run.timeKey = b.KeyString(t.timeKey)
	}
}

func keysOf(b *event.Batch, keys []uint16, names []string) []uint16 {
	for _, name := range names {
		keys = append(keys, b.KeyString(name))
	}
	return keys
}

// compute makes the values for record i; false: Ruby raised.
func (t *RecordTransformer) compute(b *event.Batch, i int, run *transformRun) bool {
	if run.env != nil && t.compiler != nil {
		run.env.Record(i)
	}
	for j := range t.templates {
		tpl := &t.templates[j]
		ok := true
		switch {
		case tpl.ruby != nil:
			if run.vals[j], ok = tpl.computed(run.env); !ok {
				return false
			}
		case tpl.varies:
			if run.vals[j], ok = tpl.render(b, i, run.readers[tpl.first:]); !ok {
				run.vals[j] = run.null
			}
		}
	}
	return true
}

func (t *RecordTransformer) transform(b *event.Batch, i int, run *transformRun) {
	if !t.compute(b, i, run) {
		b.Recs[i].State = event.Failed
		return
	}
	if run.env != nil && t.compiler != nil {
		run.env.Settle(t.direct)
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
	if t.timeKey != "" {
		t.renewTime(b, i, run)
	}
	t.remove.remove(b, i, run.remove)
}

// renewTime takes the record's time from its field; one that is no number is
// left alone.
func (t *RecordTransformer) renewTime(b *event.Batch, i int, run *transformRun) {
	v, ok := b.Get(i, run.timeKey)
	if !ok {
		return
	}
	run.text = appendText(run.text[:0], b.Bytes(v), v.Kind)
	if at, ok := parser.UnixTime(run.text); ok {
		b.Recs[i].Time = at
	}
}
