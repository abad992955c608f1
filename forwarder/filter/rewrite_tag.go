package filter

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"sluice/event"
	"sluice/parser/rubyexp"
)

// RewriteTagConfig is the output rewrite_tag_filter of Fluentd's plug-in of
// that name: the first rule that fits gives a record its new tag. A record that
// no rule fits, or whose tag would stay the same, is dropped.
type RewriteTagConfig struct {
	Rule            []RewriteRule `conf:"rule,required"`
	Capitalize      bool          `conf:"capitalize_regex_backreference"` // the first letter of what $1 stands for
	RemoveTagPrefix string        `conf:"remove_tag_prefix"`              // from what ${tag} stands for
	RemoveTagRegexp string        `conf:"remove_tag_regexp"`
}

// RewriteRule fits if the key's value is not empty and the pattern matches it;
// under invert, if the pattern does not. Tag may hold $1 to $9, ${tag},
// ${tag_parts[n]} and ${hostname}.
type RewriteRule struct {
	Key     string `conf:"key,required"`
	Pattern string `conf:"pattern,required"`
	Tag     string `conf:"tag,required"`
	Invert  bool   `conf:"invert"`
	Label   string `conf:"label"` // whose steps the record goes to; empty: those that the match stands in
}

// RewriteTag implements forwarder.Retagger.
type RewriteTag struct {
	cfg      RewriteTagConfig
	rules    []rewriteRule
	remove   *rubyexp.Regexp
	hostname string
	pool     sync.Pool // of *rewriteRun
}

type rewriteRule struct {
	accessor
	re       *rubyexp.Regexp
	invert   bool
	template string
	groups   bool // the template holds $1
}

// rewriteRun is what one call of Retag needs.
type rewriteRun struct {
	readers   []reader
	text, tag []byte
	found     []int
	under     string            // the tag that templates are for
	templates []string          // by rule, all but $1 filled in for that tag; empty: not yet
	names     map[string]string // tags that were made, so that the same is made once
}

// maxTags bounds rewriteRun.names.
const maxTags = 4096

// NewRewriteTag compiles the rules. Its errors are setting.Errors, joined.
func NewRewriteTag(cfg RewriteTagConfig) (*RewriteTag, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("cannot find this host's name: %w", err)
	}
	r := &RewriteTag{cfg: cfg, hostname: hostname}
	r.pool.New = func() any { return &rewriteRun{names: map[string]string{}} }
	var errs []error
	for i, rule := range cfg.Rule {
		a, err := parseAccessor(rule.Key)
		if err != nil {
			errs = append(errs, refuse(fmt.Sprintf("rule[%d].key", i), "%w", err))
		}
		re, err := rubyexp.Compile(rule.Pattern, rubyexp.Options{})
		if err != nil {
			errs = append(errs, refuse(fmt.Sprintf("rule[%d].pattern", i), "%w", err))
		}
		template := rule.Tag
		if rule.Label != "" {
			template = rule.Label + "\x00" + template
		}
		r.rules = append(r.rules, rewriteRule{a, re, rule.Invert, template, hasGroup(rule.Tag)})
	}
	if cfg.RemoveTagRegexp != "" {
		if r.remove, err = rubyexp.Compile(cfg.RemoveTagRegexp, rubyexp.Options{}); err != nil {
			errs = append(errs, refuse("remove_tag_regexp", "%w", err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return r, nil
}

func hasGroup(template string) bool {
	for i := 0; i+1 < len(template); i++ {
		if template[i] == '$' && template[i+1] >= '0' && template[i+1] <= '9' {
			return true
		}
	}
	return false
}

// Retag gives the live records their tags.
func (r *RewriteTag) Retag(b *event.Batch, tags []string) {
	run := r.pool.Get().(*rewriteRun)
	defer r.pool.Put(run)
	run.readers = run.readers[:0]
	for i := range r.rules {
		run.readers = append(run.readers, r.rules[i].on(b))
	}
	if run.under != b.Tag || run.templates == nil {
		run.under, run.templates = b.Tag, make([]string, len(r.rules))
	}
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		if tag := r.rewrite(b, i, run); tag != b.Tag {
			tags[i] = tag
		}
	}
}

func (r *RewriteTag) rewrite(b *event.Batch, i int, run *rewriteRun) string {
	for n := range r.rules {
		rule := &r.rules[n]
		run.text = run.text[:0]
		if v, ok := run.readers[n].get(b, i); ok {
			run.text = appendText(run.text, b.Bytes(v), v.Kind)
		}
		if len(run.text) == 0 && !rule.invert {
			continue
		}
		var fits bool
		run.found, fits = rule.re.Find(run.found[:0], run.text)
		if fits == rule.invert {
			continue
		}
		if run.templates[n] == "" {
			run.templates[n] = r.fill(rule.template, b.Tag)
		}
		if !rule.groups || rule.invert {
			return run.templates[n]
		}
		return r.groups(run, run.templates[n])
	}
	return ""
}

// groups fills in what $1 to $9 stand for.
func (r *RewriteTag) groups(run *rewriteRun, template string) string {
	run.tag = run.tag[:0]
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '$' || i+1 == len(template) || template[i+1] < '0' || template[i+1] > '9' {
			run.tag = append(run.tag, c)
			continue
		}
		i++
		g := 2 * int(template[i]-'0')
		if g+1 >= len(run.found) || run.found[g] < 0 {
			continue
		}
		from := len(run.tag)
		run.tag = append(run.tag, run.text[run.found[g]:run.found[g+1]]...)
		if r.cfg.Capitalize && len(run.tag) > from && run.tag[from] >= 'a' && run.tag[from] <= 'z' {
			run.tag[from] -= 'a' - 'A'
		}
	}
	return run.name()
}

// name is the tag that was made.
func (run *rewriteRun) name() string {
	if tag, ok := run.names[string(run.tag)]; ok {
		return tag
	}
	if len(run.names) >= maxTags {
		clear(run.names)
	}
	tag := string(run.tag)
	run.names[tag] = tag
	return tag
}

// fill fills in what is the same for all records of a tag.
func (r *RewriteTag) fill(template, tag string) string {
	if r.cfg.RemoveTagPrefix != "" {
		tag = strings.TrimPrefix(strings.TrimPrefix(tag, r.cfg.RemoveTagPrefix), ".")
	}
	if r.remove != nil {
		if at, ok := r.remove.Find(nil, []byte(tag)); ok {
			tag = tag[:at[0]] + tag[at[1]:]
		}
	}
	out := strings.NewReplacer("${tag}", tag, "__TAG__", tag, "${hostname}", r.hostname, "__HOSTNAME__", r.hostname).Replace(template)
	if !strings.Contains(out, "tag_parts[") && !strings.Contains(out, "__TAG_PARTS[") {
		return out
	}
	for n, part := range strings.Split(tag, ".") {
		i := strconv.Itoa(n)
		out = strings.NewReplacer("${tag_parts["+i+"]}", part, "__TAG_PARTS["+i+"]__", part).Replace(out)
	}
	return out
}
