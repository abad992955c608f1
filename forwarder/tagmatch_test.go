package forwarder

import "testing"

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"a.b", []string{"a.b"}, []string{"a", "a.b.c", "axb"}},
		{"a.*", []string{"a.b", "a."}, []string{"a", "a.b.c"}},
		{"a.**", []string{"a", "a.b", "a.b.c"}, []string{"ab", "b.a"}},
		{"**", []string{"", "a", "a.b"}, nil},
		{"**.a", []string{"a", "x.a", "x.y.a"}, []string{"xa", "a.x"}},
		{"a.**.z", []string{"a.z", "a.b.z", "a.b.c.z"}, []string{"az", "a.b"}},
		{"{a,b.c}.d", []string{"a.d", "b.c.d"}, []string{"b.d"}},
		{"{a.**,x}", []string{"a", "a.b", "x"}, []string{"x.y"}},
		{"a,{b,c}.*", []string{"a", "b.c", "c."}, []string{"b"}},
		{"/a[bc]+(d)?/", []string{"ab", "acbd"}, []string{"xab", "abx"}},
		{"a**", []string{"a", "ab", "a.b", "a-b"}, []string{"ba"}},
		{"*", []string{"", "a"}, []string{"a.b"}},
		{"**.a.**", []string{"a", "x.a", "a.y", "x.a.y"}, []string{"xa", "ay"}},
		{"a.{b,c.*}", []string{"a.b", "a.c.d"}, []string{"a.c", "a.b.x"}},
		{"a-b_c:d", []string{"a-b_c:d"}, []string{"a"}},
		{"a.?", []string{"a.?"}, []string{"a.b"}},
		{"a b.*", []string{"a", "b.c"}, []string{"b", "c"}},
		{"kubernetes.var.log.containers.**_default_**.log", []string{"kubernetes.var.log.containers.web_default_app-1.log"}, []string{"kubernetes.var.log.containers.web_other_app-1.log"}},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range c.yes {
			if !p.Match(tag) {
				t.Errorf("%s does not match %q", c.pattern, tag)
			}
		}
		for _, tag := range c.no {
			if p.Match(tag) {
				t.Errorf("%s matches %q", c.pattern, tag)
			}
		}
	}
	for _, bad := range []string{"", "{a,b", "/(/"} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
