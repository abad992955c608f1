package conf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// expander replaces ${env:NAME} and ${file:PATH}; every other ${...} is a
// placeholder for somebody else and stays.
type expander struct {
	env  func(string) (string, bool)
	file func(string) (string, error)
}

func newExpander() expander { return expander{env: os.LookupEnv, file: readValue} }

// maxValue bounds a value that is read from a file, in bytes: a certificate
// bundle fits, a device without end does not.
const maxValue = 1 << 20

func readValue(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxValue {
		return "", fmt.Errorf("%s is larger than %s", path, FormatSize(maxValue))
	}
	// Editors and `echo` end a file with a line end that nobody means.
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// expandWith expands a parameter's value, or its list's; what a variable or a
// file holds is not expanded again.
func (p *Param) expandWith(x expander, problems *Problems) {
	before := len(*problems)
	p.Raw = p.Value
	p.Value = x.expand(p.Value, p.Pos, problems)
	p.failed = len(*problems) > before
	for i := range p.List {
		p.List[i].expandWith(x, problems)
		p.failed = p.failed || p.List[i].failed
	}
}

func (x expander) expand(s string, pos Pos, problems *Problems) string {
	var out strings.Builder
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		out.WriteString(s[:start])
		s = s[start:]
		end := strings.IndexByte(s, '}')
		kind, name, ok := strings.Cut(strings.TrimPrefix(s, "${"), ":")
		if !ok || kind != "env" && kind != "file" {
			out.WriteString("${")
			s = s[2:]
			continue
		}
		if end < 0 {
			problems.add(pos, fmt.Sprintf("${%s: has no end", kind), "write ${"+kind+":NAME}")
			break
		}
		name = name[:end-len("${")-len(kind)-1]
		out.WriteString(x.lookup(kind, name, pos, problems))
		s = s[end+1:]
	}
	out.WriteString(s)
	return out.String()
}

func (x expander) lookup(kind, name string, pos Pos, problems *Problems) string {
	if kind == "env" {
		v, ok := x.env(name)
		if !ok {
			problems.add(pos, fmt.Sprintf("the environment variable %q is not set", name), "set it, or write the value here")
		}
		return v
	}
	v, err := x.file(name)
	if err != nil {
		problems.add(pos, fmt.Sprintf("cannot read the value: %v", err), "make the file readable, or write the value here")
	}
	return v
}

// reference reports whether s is nothing but one ${env:...} or ${file:...}.
func reference(s string) bool {
	return (strings.HasPrefix(s, "${env:") || strings.HasPrefix(s, "${file:")) && strings.IndexByte(s, '}') == len(s)-1
}

// again tells a section that has the method Again how to read a secret once
// more that came from a file.
func again(p *Param, f *field, section reflect.Value) {
	if !f.secret || !strings.Contains(p.Raw, "${file:") || !section.CanAddr() {
		return
	}
	to, ok := section.Addr().Interface().(interface {
		Again(setting string, read func() (string, error))
	})
	if !ok {
		return
	}
	raw, pos := p.Raw, p.Pos
	to.Again(f.name, func() (string, error) {
		var problems Problems
		text := newExpander().expand(raw, pos, &problems)
		if problems.Bad() {
			return "", errors.New(problems[0].What)
		}
		return text, nil
	})
}
