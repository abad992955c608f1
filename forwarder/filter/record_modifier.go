package filter

import (
	"fmt"
	"strings"
	"sync"

	"sluice/event"
	"sluice/forwarder/filter/ruby"
)

// RecordModifierConfig is fluent-plugin-record-modifier: fields are set, each
// from the record as the ones before it left it; then some are removed, or all
// but some; then texts are replaced in others. Placeholders hold Ruby.
type RecordModifierConfig struct {
	Record        []event.Pair      `conf:"record,map"`
	RemoveKeys    []string          `conf:"remove_keys"`
	WhitelistKeys []string          `conf:"whitelist_keys"`
	Replace       []ModifierReplace `conf:"replace"`
	CharEncoding  string            `conf:"char_encoding"` // utf-8; others are refused
	PrepareValue  string            `conf:"prepare_value"` // refused: it is Ruby that runs once
}

// ModifierReplace is Ruby's gsub on a field's text.
type ModifierReplace struct {
	Key        string `conf:"key,required"`
	Expression string `conf:"expression,required"`
	Replace    string `conf:"replace"`
}

// DefaultRecordModifierConfig changes nothing.
func DefaultRecordModifierConfig() RecordModifierConfig { return RecordModifierConfig{} }

// RecordModifier sets, removes and changes fields.
type RecordModifier struct {
	sets      []*RecordTransformer // one for each field, in order
	whitelist []string
	remove    remover
	replaces  []replacement
	pool      sync.Pool // of *modifierRun
}

type replacement struct {
	key string
	*ruby.Replacer
}

type modifierRun struct{ whitelist, remove, replaces []uint16 }

// NewRecordModifier compiles the settings. Its errors are setting.Errors, joined.
func NewRecordModifier(cfg RecordModifierConfig) (*RecordModifier, error) {
	m := &RecordModifier{}
	m.pool.New = func() any { return &modifierRun{} }
	var errs []error
	for _, p := range cfg.Record {
		t, err := NewRecordTransformer(RecordTransformerConfig{Record: []event.Pair{p}, AutoTypecast: true, EnableRuby: true})
		if err == nil {
			t.direct = true
			m.sets = append(m.sets, t)
		}
		errs = append(errs, err)
	}
	var err, whitelistErr error
	m.remove, err = newRemover("remove_keys", cfg.RemoveKeys)
	m.whitelist, whitelistErr = topLevel("whitelist_keys", cfg.WhitelistKeys)
	if len(m.whitelist) > 0 { // what <record> sets stays
		for _, p := range cfg.Record {
			m.whitelist = append(m.whitelist, p.Name)
		}
	}
	errs = append(errs, err, whitelistErr)
	if len(cfg.RemoveKeys) > 0 && len(cfg.WhitelistKeys) > 0 {
		errs = append(errs, refuse("whitelist_keys", "remove_keys and whitelist_keys do not go together; write one of them"))
	}
	for i, r := range cfg.Replace {
		_, keyErr := ownField(fmt.Sprintf("replace[%d].key", i), r.Key)
		re, err := ruby.NewReplacer(r.Expression, r.Replace)
		if err != nil {
			err = refuse(fmt.Sprintf("replace[%d].expression", i), "%w", err)
		}
		errs = append(errs, keyErr, err)
		m.replaces = append(m.replaces, replacement{r.Key, re})
	}
	if cfg.PrepareValue != "" {
		errs = append(errs, refuse("prepare_value", "Ruby that runs once is not supported; write the values in <record>, or use the environment: ${ENV[\"X\"]}"))
	}
	if e := strings.ToLower(cfg.CharEncoding); e != "" && e != "utf-8" && e != "utf8" && e != "utf-8:utf-8" {
		errs = append(errs, refuse("char_encoding", "the encoding %s is not supported here; the source tail reads other encodings with encoding and from_encoding", cfg.CharEncoding))
	}
	if err := flat(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

// Warnings says which patterns are slow.
func (m *RecordModifier) Warnings() (list []string) {
	for _, r := range m.replaces {
		if w := r.Warning(); w != "" {
			list = append(list, w)
		}
	}
	return list
}

// Apply changes every live record. One whose Ruby raises is Failed.
func (m *RecordModifier) Apply(b *event.Batch) {
	for _, t := range m.sets {
		t.Apply(b)
	}
	if len(m.whitelist)+len(m.remove.paths)+len(m.replaces) == 0 || !anyLive(b) {
		return
	}
	run := m.pool.Get().(*modifierRun)
	defer m.pool.Put(run)
	run.whitelist, run.remove = keysOf(b, run.whitelist[:0], m.whitelist), m.remove.on(b, run.remove[:0])
	run.replaces = run.replaces[:0]
	for i := range m.replaces {
		run.replaces = append(run.replaces, b.KeyString(m.replaces[i].key))
	}
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			m.modify(b, i, run)
		}
	}
}

func (m *RecordModifier) modify(b *event.Batch, i int, run *modifierRun) {
	m.remove.remove(b, i, run.remove)
	if len(run.whitelist) > 0 {
		keepOnly(b, i, run.whitelist)
	}
	for n, key := range run.replaces {
		v, ok := b.Get(i, key)
		if ok {
			v, ok = textOf(b, v)
		}
		if !ok {
			continue
		}
		from := len(b.Arena)
		if b.Arena, ok = m.replaces[n].Append(b.Arena, b.Bytes(v)); ok {
			b.Set(i, key, b.Since(from, event.Text))
		}
	}
}

// keepOnly removes all of record i's fields but these.
func keepOnly(b *event.Batch, i int, keys []uint16) {
	fs := b.FieldsOf(i)
	kept := fs[:0]
	for _, f := range fs {
		for _, k := range keys {
			if f.Key == k {
				kept = append(kept, f)
				break
			}
		}
	}
	b.Recs[i].NField = uint16(len(kept))
}
