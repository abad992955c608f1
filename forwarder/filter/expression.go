package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"sluice/event"
	"sluice/forwarder/filter/ruby"
)

// newCompiler makes a compiler for the expressions of one filter.
func newCompiler(hostname string) *ruby.Compiler {
	return ruby.NewCompiler(ruby.Options{Hostname: hostname, Getenv: os.LookupEnv})
}

// parseRuby reads a value under enable_ruby. What needs no Ruby stays what it
// is without; time, which is local in Ruby, does not.
func parseRuby(c *ruby.Compiler, name, s, hostname string, typecast bool) (t template, err error) {
	if !strings.Contains(s, "#{") && !strings.Contains(s, `\`) && !strings.Contains(s, "time") {
		if t, err = parseTemplate(name, s, hostname, typecast); err == nil {
			return t, nil
		}
	}
	t = template{name: name, single: typecast}
	if strings.Contains(name, "${") {
		return t, errors.New("a field's name cannot hold a placeholder")
	}
	if s != "" && (s[0] == '{' || s[0] == '[') && json.Valid([]byte(s)) {
		t.single = true // what lies in it may be texts alone
		t.ruby, err = c.Structure(s, typecast)
	} else {
		t.ruby, err = c.Text(s, typecast)
	}
	if err != nil {
		return t, placed(s, err)
	}
	t.varies = t.ruby.Varies
	return t, nil
}

// placed says where in the value s an error of the compiler is.
func placed(s string, err error) error {
	at, ok := ruby.Offset(err)
	if !ok {
		return err
	}
	shown := strings.TrimSpace(s[min(at, len(s)):])
	if end := strings.IndexByte(shown, '\n'); end >= 0 {
		shown = shown[:end]
	}
	if len(shown) > 24 {
		shown = strings.ToValidUTF8(shown[:24], "") + "..."
	}
	if shown == "" {
		return fmt.Errorf("cannot use this Ruby: at its end: %w", err)
	}
	return fmt.Errorf("cannot use this Ruby: at character %d, %s: %w", len([]rune(s[:min(at, len(s))]))+1, shown, err)
}

// computed is the value of a template in Ruby for the record at hand; false: it
// raised.
func (t *template) computed(e *ruby.Env) (event.Value, bool) {
	v, err := e.Value(t.ruby, !t.single)
	return v, err == nil
}
