package fluent

import (
	"path/filepath"
	"strings"
	"testing"

	"sluice/conf"
)

// grouped writes a tree as flat does, without regard to the order of sections
// of different names.
func grouped(e *conf.Element) string {
	c := *e
	c.Children = nil
	done := map[string]bool{}
	for _, s := range e.Children {
		if e.Name == "ROOT" || e.Name == "label" || e.Name == "worker" {
			c.Children = append(c.Children, s)
			continue
		}
		for i := 0; !done[s.Name] && e.Child(s.Name, i) != nil; i++ {
			c.Children = append(c.Children, e.Child(s.Name, i))
		}
		done[s.Name] = true
	}
	var out strings.Builder
	bare := c
	bare.Children, bare.Params = nil, nil
	for _, x := range special { // YAML puts them first
		if p := e.Param(x.param); p != nil {
			bare.Params = append(bare.Params, *p)
		}
	}
	for _, p := range e.Params {
		if bare.Param(p.Name) == nil {
			bare.Params = append(bare.Params, p)
		}
	}
	out.WriteString(c.Name + "(" + c.Arg + ")" + flat(&bare))
	for _, s := range c.Children {
		out.WriteString("{" + grouped(s) + "}\n")
	}
	return out.String()
}

// unmasked takes the secrets' values out, which are masked in what is written.
func unmasked(e *conf.Element) *conf.Element {
	for i := range e.Params {
		for _, s := range secrets {
			if p := &e.Params[i]; p.Name == s && p.Value != "" && p.Raw == "" {
				p.Value = mask
			}
		}
	}
	for _, c := range e.Children {
		unmasked(c)
	}
	return e
}

func TestWhatIsWrittenReadsBackAsTheSameTree(t *testing.T) {
	files, err := filepath.Glob("testdata/[0-9]*.[cy]*")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		root, problems := parseFile(t, file)
		if problems.Bad() {
			t.Fatal(problems)
		}
		// The system section comes first in YAML.
		want := unmasked(root)
		written := Write(root)
		got, problems := Parse("w.conf", []byte(written), options())
		if problems.Bad() || grouped(got) != grouped(want) {
			t.Errorf("%s as fluent.conf:\n%s\n%s\ngot  %s\nwant %s", file, problems, written, grouped(got), grouped(want))
		}
		written = WriteYAML(root)
		got, problems = Parse("w.yaml", []byte(written), options())
		want.Params = nil // the root's own: YAML has no place for them
		if problems.Bad() || grouped(got) != grouped(want) {
			t.Errorf("%s as YAML:\n%s\n%s\ngot  %s\nwant %s", file, problems, written, grouped(got), grouped(want))
		}
		if strings.Contains(written, "edge-secret") || strings.Contains(Write(root), "edge-secret") {
			t.Error("a secret is written")
		}
	}
}

func TestRubyStaysInWhatIsWritten(t *testing.T) {
	root, _ := Parse("f", []byte("<match **>\n  password \"#{ENV['P']}\"\n  a \"x\\#{y} #\"\n</match>"), options())
	if w := Write(root); !strings.Contains(w, `password "#{ENV['P']}"`) || !strings.Contains(w, `a "x\#{y} #"`) {
		t.Error(w)
	}
	if w := WriteYAML(root); !strings.Contains(w, `password: !fluent/s "#{ENV['P']}"`) {
		t.Error(w)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("a b", "<x>", "c\"#{1}\n", "k")
	f.Fuzz(func(t *testing.T, arg, a, b, name string) {
		if strings.ContainsAny(name, "\x00\\") || name == "" || strings.HasPrefix(name, "@") || strings.HasPrefix(name, "$") {
			return
		}
		e := &conf.Element{Name: "ROOT", Children: []*conf.Element{{Name: "match", Arg: arg, Params: []conf.Param{{Name: "x", Value: a}, {Name: name, Value: b}}}}}
		if name == "x" || strings.Contains(arg+a+b+name, "\r") {
			return
		}
		got, problems := Parse("w", []byte(Write(e)), fuzzOptions())
		if problems.Bad() || grouped(got) != grouped(unmasked(e)) {
			t.Errorf("%s\n%s\n%q\n%q", problems, Write(e), grouped(got), grouped(e))
		}
	})
}
