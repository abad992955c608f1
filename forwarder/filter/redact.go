package filter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	mac "hash"
	"slices"
	"strings"
	"sync"

	"sluice/event"
	"sluice/parser/rubyexp"
)

// RedactConfig says what must not be seen, and what becomes of it.
type RedactConfig struct {
	Detect  []string        `conf:"detect"`  // card, iban, ssn, aba, phone, email; empty: all of them
	Pattern []RedactPattern `conf:"pattern"` // and what these match
	Keys    []string        `conf:"keys"`    // fields to look at, or $.a.b; empty: all
	Exclude []string        `conf:"exclude_keys"`
	Action  string          `conf:"action,oneof=mask|hash|drop"`
	Mask    string          `conf:"mask"` // what mask puts in its place
	HashKey string          `conf:"hash_key,secret"`
	DryRun  bool            `conf:"dry_run"` // only count

	// Count is told of hits, by detector or a pattern's name. nil: nobody.
	Count func(detector string, hits int)
}

// RedactPattern is what nobody but the user can know.
type RedactPattern struct {
	Name  string `conf:"name,required"` // for metrics
	Match string `conf:"match,required"`
}

// DefaultRedactConfig masks what all built-in detectors find, everywhere.
func DefaultRedactConfig() RedactConfig { return RedactConfig{Action: "mask", Mask: "[REDACTED]"} }

// Redact takes out of texts what must not be seen: card numbers, IBANs and
// routing numbers by their checksums, social security and telephone numbers and
// e-mail addresses by their form, and what patterns match. It looks at every
// text and number of a record, within objects and arrays too, but not at names.
//
// mask puts a fixed text in its place. hash puts a keyed hash there (the first
// 128 bits of HMAC-SHA256 over the digits or the address in small letters), so
// that the same number always becomes the same text and can still be joined.
// drop removes the whole field; within an object or array the value becomes
// null.
type Redact struct {
	cfg      RedactConfig
	built    detectors
	patterns []*rubyexp.Regexp
	names    []string // of all detectors
	keys     []accessor
	exclude  []string
	pool     sync.Pool // of *redactRun
}

// NewRedact checks the settings. Its errors are setting.Errors, joined.
func NewRedact(cfg RedactConfig) (*Redact, error) {
	r := &Redact{cfg: cfg, names: slices.Clone(detectorNames[:])}
	var errs []error
	if len(cfg.Detect) == 0 {
		cfg.Detect = detectorNames[1:]
	}
	for i, name := range cfg.Detect {
		at := slices.Index(detectorNames[:], name)
		if at < 1 {
			errs = append(errs, refuse("detect", "detector %q (number %d) is not known; there are %s; write <pattern> for others", name, i+1, strings.Join(detectorNames[1:], ", ")))
			continue
		}
		r.built |= 1 << at
	}
	for i, p := range cfg.Pattern {
		re, err := rubyexp.Compile(p.Match, rubyexp.Options{})
		if err == nil && re.Match(nil) {
			err = errors.New("it matches the empty text")
		}
		if err != nil {
			errs = append(errs, refuse(fmt.Sprintf("pattern[%d].match", i), "%w", err))
		}
		r.patterns, r.names = append(r.patterns, re), append(r.names, p.Name)
	}
	for _, key := range cfg.Keys {
		a, err := parseAccessor(key)
		if err != nil {
			errs = append(errs, refuse("keys", "%w", err))
		}
		a.shared = nil
		r.keys = append(r.keys, a)
	}
	var err error
	if r.exclude, err = topLevel("exclude_keys", cfg.Exclude); err != nil {
		errs = append(errs, err)
	}
	if cfg.Action == "hash" && len(cfg.HashKey) < 16 {
		errs = append(errs, refuse("hash_key", "action hash needs a hash_key of 16 characters or more: best ${file:...} with random text, the same on all nodes"))
	}
	r.pool.New = r.newRun
	return r, errors.Join(errs...)
}

// Warnings says which patterns are slow.
func (r *Redact) Warnings() (list []string) {
	for _, re := range r.patterns {
		if re != nil && re.Warning() != "" {
			list = append(list, re.Warning())
		}
	}
	return list
}

// redactRun is what one call of Apply needs.
type redactRun struct {
	hits    []hit
	found   []int // by detector
	match   []int
	text    []byte // a value without escapes
	clean   []byte // and without what must not be seen
	sum     []byte
	mac     mac.Hash
	keys    []uint16
	exclude []uint16
}

func (r *Redact) newRun() any {
	run := &redactRun{found: make([]int, len(r.names))}
	if r.cfg.Action == "hash" {
		run.mac = hmac.New(sha256.New, []byte(r.cfg.HashKey))
	}
	return run
}

// Apply redacts every live record.
func (r *Redact) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	run := r.pool.Get().(*redactRun)
	defer r.pool.Put(run)
	run.exclude = keysOf(b, run.exclude[:0], r.exclude)
	run.keys = run.keys[:0]
	for i := range r.keys {
		run.keys = append(run.keys, b.KeyString(r.keys[i].top))
	}
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		if len(r.keys) > 0 {
			r.named(b, i, run)
		} else {
			r.every(b, i, run)
		}
	}
	for n, hits := range run.found {
		if hits > 0 && r.cfg.Count != nil {
			r.cfg.Count(r.names[n], hits)
		}
		run.found[n] = 0
	}
}

// every looks at all of record i's fields.
func (r *Redact) every(b *event.Batch, i int, run *redactRun) {
	for n := 0; n < int(b.Recs[i].NField); n++ {
		f := b.FieldsOf(i)[n]
		if slices.Contains(run.exclude, f.Key) {
			continue
		}
		v, found := r.value(b, f.Val, run)
		switch {
		case !found || r.cfg.DryRun:
		case r.cfg.Action == "drop" && !nested(b, f.Val):
			b.Unset(i, f.Key)
			n--
		default:
			b.Set(i, f.Key, v)
		}
	}
}

// named looks at what the settings name.
func (r *Redact) named(b *event.Batch, i int, run *redactRun) {
	for n, key := range run.keys {
		top, ok := b.Get(i, key)
		if !ok {
			continue
		}
		below := r.keys[n].below
		at := reader{accessor: &r.keys[n], key: key}
		old, ok := at.get(b, i)
		if !ok {
			continue
		}
		v, found := r.value(b, old, run)
		switch {
		case !found || r.cfg.DryRun:
			continue
		case len(below) > 0:
			v = r.within(b, asJSON(b, top), v, n, r.cfg.Action == "drop" && !nested(b, old))
		case r.cfg.Action == "drop" && !nested(b, old):
			b.Unset(i, key)
			continue
		}
		b.Set(i, key, v)
	}
}

// within is the field whole, JSON, with v, or nothing, at the n-th key's place.
func (r *Redact) within(b *event.Batch, whole, v event.Value, n int, without bool) event.Value {
	from := len(b.Arena)
	old, with := b.Bytes(whole), b.Bytes(v)
	if without {
		b.Arena = appendWithout(b.Arena, old, r.keys[n].below)
	} else {
		b.Arena = appendEdited(b.Arena, old, r.keys[n].below, func(dst, _ []byte) []byte { return appendValue(dst, with, v.Kind) })
	}
	return b.Since(from, event.JSON)
}

// replace is what stands for a hit.
func (r *Redact) replace(dst, p []byte, h hit, run *redactRun) []byte {
	if r.cfg.Action != "hash" {
		return append(dst, r.cfg.Mask...)
	}
	run.mac.Reset()
	run.mac.Write([]byte(compact(p[h.lo:h.hi], h.by)))
	run.sum = run.mac.Sum(run.sum[:0])
	return hex.AppendEncode(append(dst, "hmac:"...), run.sum[:16])
}
