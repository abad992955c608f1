package fluent

import (
	"strings"
	"testing"

	"sluice/conf"
)

// flat writes a tree on one line.
func flat(e *conf.Element) string {
	var out []string
	for _, p := range e.Params {
		v := p.Value
		if p.Default {
			v = "DEFAULT"
		} else if p.Null {
			v = "NIL"
		}
		out = append(out, p.Name+"="+v)
	}
	for _, c := range e.Children {
		out = append(out, c.Name+"("+c.Arg+"){"+flat(c)+"}")
	}
	return strings.Join(out, ";")
}

func parse(t *testing.T, text string, env map[string]string) (string, string) {
	t.Helper()
	o := options()
	o.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	o.Glob = func(pattern string) ([]string, error) {
		if strings.HasPrefix(pattern, "inc") {
			return []string{pattern}, nil
		}
		return nil, nil
	}
	o.Read = func(path string) ([]byte, error) {
		switch path {
		case "inc":
			return []byte("k v\n<s>\n</s>"), nil
		case "inc-self":
			return []byte("@include inc-self"), nil
		}
		return []byte("a b c\n</x>"), nil
	}
	root, problems := Parse("f.conf", []byte(text), o)
	return flat(root), problems.String()
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"k v  w   # c", "k=v  w"},
		{"k v#w", "k=v#w"},
		{"k #c", "k=#c"},
		{"k", "k="},
		{"k ", "k="},
		{"k v\r\nl w\r\n", "k=v;l=w"},
		{`k 'a\'b\\c\d #{1}'`, `k=a'b\c\d #{1}`},
		{`k "a\"b\t\#{x}\$"`, "k=a\"b\t#{x}$"},
		{"k \"a\nb\\\nc\"", "k=a\nbc"},
		{`k ["a", 1, # c` + "\n 2.50 , ]", `k=["a",1,2.50]`},
		{`k {"b":1,"a":{"x":[{}]},"b":2}`, `k={"b":2,"a":{"x":[{}]}}`},
		{"k 1\nk 2", "k=2"},
		{"\ufeffk v", "k=v"},
		{"@include inc", "k=v;s(){}"},
		{"<m>\n@include inc\n</m>", "m(){k=v;s(){}}"},
		{"include inc", "k=v;s(){}"},
		{"@include nothing/*.conf", ""},
		{"<m a b >  # c\n</m> # d", "m(a b){}"},
		{`<m "x#{1}">` + "\n</m>", "m(x1){}"},
		{"<m>\ninclude v\n</m>", "m(){include=v}"},
		{"# c\n\n  # d\n<m>\n# e\n</m>", "m(){}"},
	} {
		got, problems := parse(t, c.text, nil)
		if got != c.want || strings.Contains(problems, "error") {
			t.Errorf("%q: got %q, want %q %s", c.text, got, c.want, problems)
		}
	}
}

func TestRuby(t *testing.T) {
	env := map[string]string{"A": "x", "EMPTY": "", "N": "7", "LIST": "a, b,c"}
	for _, c := range []struct{ text, want string }{
		{`#{ENV['A']}`, "x"},
		{`#{ENV["A"]}-#{ENV['B']}`, "x-"},
		{`#{ENV['B'] || 'd'}`, "d"},
		{`#{ENV['EMPTY'] || 'd'}`, ""},
		{`#{ENV['B'] || use_default}`, "DEFAULT"},
		{`a#{ENV['B'] || use_nil}`, "NIL"},
		{`#{ENV['A'] || use_nil}`, "x"},
		{`#{ENV.fetch('B', 'd')}`, "d"},
		{`#{ENV.fetch('B') { 'd' }}`, "ERROR"},
		{`#{ENV.fetch 'B', 'd'}`, "d"},
		{`#{ENV.fetch('B')}`, "ERROR"},
		{`#{ENV.fetch('B') rescue 'r'}`, "r"},
		{`#{ENV['B'].empty? ? 1 : 2 rescue 3}`, "3"},
		{`#{ENV['A'].nil? ? 'n' : "y#{1 + 1}"}`, "y2"},
		{`#{ENV['A'] == 'x' && !ENV.key?('B')}`, "true"},
		{`#{(1 + 2) * 3 - -4 % 3}`, "7"},
		{`#{7 / 2}#{-7 / 2}#{7.0 / 2}`, "3-43.5"},
		{`#{File.join('/a/', '/b', 'c.pos')}`, "/a/b/c.pos"},
		{`#{Socket.gethostname}#{hostname}`, "@@HOSTNAME@@@@HOSTNAME@@"},
		{`#{Dir.pwd == Dir.getwd && Dir.pwd.start_with?('/')}`, "true"},
		{`#{worker_id}`, ""},
		{`#{ENV['LIST'].split(',').first.upcase}`, "A"},
		{`#{ENV['LIST'].split(/, ?/).join('|')}`, "a|b|c"},
		{`#{ENV['A'] =~ /^X$/i ? 1 : 0}`, "1"},
		{`#{'a.b'.gsub('.', '-')}#{"ab".sub(/(a)b/, '\1')}`, "a-ba"},
		{`#{x = 'a'; y = x + 'b'; y}`, "ab"},
		{`#{'y' if ENV['N'].to_i > 6}`, "y"},
		{`#{'y' unless ENV['B']}`, "y"},
		{`#{ENV['B']&.upcase}`, ""},
		{`#{[1, nil, "a"].to_json}#{{"k" => "}"}["k"]}#{%w[a b].last}`, `[1,null,"a"]}b`},
		{`#{(host = ENV.fetch('H', '10.0.0.1'); port = ENV.fetch('P', '443'); host = (IPAddr.new(host).ipv6? ? '[' + host + ']' : host rescue host); 'https://' + host + ':' + port + '/api')}`, "https://10.0.0.1:443/api"},
		{`#{Dir.home}`, "ERROR"},
		{`#{system('rm -rf /')}`, "ERROR"},
		{"#{`id`}", "ERROR"},
		{`#{File.delete('x')}`, "ERROR"},
		{`#{"a" * 1000000 * 1000000}`, "ERROR"},
		{`#{foo}`, "ERROR"},
		{`#{1 +}`, "ERROR"},
		{`#{1`, "ERROR"},
	} {
		got, problems := parse(t, `k "`+c.text+`"`, env)
		if strings.Contains(problems, "error") {
			if !strings.HasPrefix(problems, "f.conf:1:") || !strings.Contains(problems, " (") {
				t.Errorf("%s: no place or no fix: %s", c.text, problems)
			}
			got = "k=ERROR"
		}
		if got != "k="+c.want {
			t.Errorf("%s: got %q, want %q %s", c.text, got, c.want, problems)
		}
	}
}

// TestFieldsMayBeginWithAt: what stands in <record> are fields.
func TestFieldsMayBeginWithAt(t *testing.T) {
	if _, got := parse(t, "<filter>\n<record>\n@timestamp 1\n</record>\n</filter>", nil); got != "" {
		t.Errorf("got %s", got)
	}
}

// TestJSONAsRubyReadsIt: expressions in JSON are written with single
// backslashes in the wild, and Fluentd takes them.
func TestJSONAsRubyReadsIt(t *testing.T) {
	for text, want := range map[string]string{
		`["^a\.b\/.*$","\d\\d\n\u0041"]`: `["^a.b/.*$","d\\d\nA"]`,
		`{"a\-b": "\é\#{1}"}`:            `{"a-b":"é#{1}"}`,
	} {
		if got, problems := parse(t, "k "+text, nil); got != "k="+want {
			t.Errorf("%s: got %s, want %s %s", text, got, want, problems)
		}
	}
}

func TestSyntaxErrorsHaveTheirPlaceAndAFix(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"<match **>\n  a b\n", `f.conf:1:1: error: <match> is not closed: the file ends in it (add </match>)`},
		{"<match **\n</match>", `f.conf:2:1: error: expected > at the end of <match, got "</match>" (write <match ARGUMENT>)`},
		{"<a>\n</b>", `f.conf:2:1: error: </b> does not close <a> of line 1 (write </a>)`},
		{"</b>", `f.conf:1:1: error: </b> closes nothing (remove it, or open <b> before)`},
		{"k 'it''s'", `f.conf:1:7: error: expected the end of the line after the value of k, got "'s'" (quote the whole value`},
		{`k "a\dc"`, `f.conf:1:5: error: "\\d" is no escape in double quotes (write \\ for a backslash`},
		{"k \"abc", `f.conf:1:3: error: the text in double quotes has no end (add ")`},
		{"k 'abc", `f.conf:1:3: error: the text in single quotes has no end (add ')`},
		{"k [a-z]+", `f.conf:1:3: error: a value that begins with [ is read as JSON, and this is none`},
		{"k {{ .Values.x }}", `f.conf:1:3: error: a value that begins with { is read as JSON, and this is none`},
		{"k [1,", `f.conf:1:3: error: a value that begins with [ is read as JSON, and it has no end`},
		{"<source>\n  @tyep tail\n</source>", `f.conf:2:3: error: unknown name "@tyep": names that begin with @ are Fluentd's own (write @type)`},
		{"<match>\n<x>\n@foo 1\n</x>\n</match>", `f.conf:3:1: warning: unknown name "@foo": names that begin with @`},
		{"@include http://x/y.conf", `f.conf:1:1: error: cannot include http://x/y.conf: http is not supported (fetch the file`},
		{"@include inc-self", `inc-self:1:1: error: inc-self includes itself (remove the line)`},
		{"\n@include inc-bad", `inc-bad:2:1: error: </x> closes nothing`},
		{"@include gone.conf", `f.conf:1:1: warning: there is no file gone.conf: nothing is included`},
		{"<1-2>\n</1-2>", `f.conf:2:4: error: expected > after </1, got "-2>" (write </1>)`},
		{"<>\n", `f.conf:1:2: error: expected a section's name after <`},
		{"<a> b\n</a>", `f.conf:1:5: error: expected the end of the line after <a>, got "b" (begin a new line)`},
		{"ä \"x\" y", `f.conf:1:7: error: expected the end of the line`},
		{"config:\n  - match: x\n", `f.conf:2:12: error: match must be a section`},
		{"config:\n  - match: {$tpye: null}\n", `f.conf:2:13: error: unknown name "$tpye" (write $type)`},
		{"config:\n  a: b\n", `f.conf:2:3: error: config must be a list`},
		{"config:\n  - match: {a: !fluent/s \"#{x}\"}\n", `error: cannot evaluate this Ruby: x is not known`},
	} {
		_, got := parse(t, c.text, nil)
		if !strings.Contains(got, c.want) {
			t.Errorf("%q:\n got  %s want %s", c.text, got, c.want)
		}
	}
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]Syntax{
		"# c\n<source>\n": Conf, "@include a": Conf, "include a.conf": Conf, "  <match>": Conf,
		"system:\n  workers: 2\nconfig:\n  - source: {}": YAML, "config: []": YAML, "---\nconfig:\n": YAML,
		"cluster: x\n": Settings, "": Settings, "inputs:\n  forward: {}\n": Settings,
	} {
		if got := Detect([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func FuzzConf(f *testing.F) {
	f.Add("<match a.**>\n @type \"#{ENV['X'] || 'y'}\"\n k [1, # c\n2]\n</match>")
	f.Add(`k "#{ {"k"=>"}"}["k"] + (1 ? 'a' : %w[b].first) }"`)
	f.Fuzz(func(t *testing.T, text string) {
		root, _ := Parse("f", []byte(text), fuzzOptions())
		if Detect([]byte(text)) != Conf {
			p := &build{o: fuzzOptions().defaults(), root: &conf.Element{}}
			p.confFile(p.root, "f", []byte(text), nil)
		}
		_ = TreeJSON(root)
	})
}

func FuzzYAML(f *testing.F) {
	f.Add("config:\n  - &a source: {$type: x, <<: *a, l: [1, {a: b}], j: !fluent/json {a: 1}, s: !fluent/s \"#{1}\"}\n  - !include x")
	f.Fuzz(func(_ *testing.T, text string) {
		b := &build{o: fuzzOptions().defaults(), root: &conf.Element{}}
		b.yamlFile("f", []byte(text))
		_ = TreeJSON(b.root)
	})
}

func fuzzOptions() Options {
	o := options()
	o.Glob = func(string) ([]string, error) { return nil, nil }
	o.Read = func(string) ([]byte, error) { return nil, nil }
	return o
}
