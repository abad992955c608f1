package rubyexp

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// regexp2's clock runs on for a second after the last match with a limit.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock"))
}

// groups writes what an expression finds in a text.
func groups(r *Regexp, text string) string {
	m, ok := r.Find(nil, []byte(text))
	if !ok {
		return "-"
	}
	out := text[m[0]:m[1]]
	for i, name := range r.Names() {
		if lo, hi := r.Group(m, i); lo >= 0 {
			out += fmt.Sprintf(" %s=%q", name, text[lo:hi])
		}
	}
	return out
}

func TestRubySyntax(t *testing.T) {
	for _, c := range []struct{ expression, text, want string }{
		{`/^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[FP]) (?<log>.*)$/`, "2026-01-02T03:04:05Z stdout F hello", `2026-01-02T03:04:05Z stdout F hello time="2026-01-02T03:04:05Z" stream="stdout" logtag="F" log="hello"`},
		{`^(?<a>\d+)$`, "x\n12\ny", `12 a="12"`}, // a line's begin and end
		{`/(?<a>a.b)/`, "a\nb", "-"},
		{`/(?<a>a.b)/m`, "a\nb", "a\nb a=\"a\\nb\""},
		{`/(?<a>ABC)/i`, "xabc", `abc a="abc"`},
		{"/ (?<a> \\d+ ) # digits\n [ ]x /x", "12 x", `12 x a="12"`},
		{`(?<@ts>\h+)-(?<k8s.pod/name>\w+)`, "0aF-web", `0aF-web @ts="0aF" k8s.pod/name="web"`},
		{`(?<a>x)|(?<a>y)`, "y", `y a="y"`},   // of two with one name the one that matched
		{`(?<a>x)(?<a>y)?`, "xy", `xy a="y"`}, // the last
		{`(?<a>x)(?<a>y)?`, "xz", `x a="x"`},  //
		{`(p)(?<a>x)`, "px", `px a="x"`},      // plain groups do not count
		{`(?'a'x)`, "x", `x a="x"`},           //
		{`\A(?<a>.)\z`, "é", `é a="é"`},       //
		{`(?<a>b)\Z`, "ab\n", "b\n a=\"b\""},  //
		{`(?<a>[\w-.]+)`, "a-b.c", `a-b.c a="a-b.c"`},
		{`(?<a>[a-c-z]+)`, "b-zd", `b-z a="b-z"`},
		{`(?<a>[]x]+)`, "]x", `]x a="]x"`},
		{`(?<a>[^]x]+)`, "]ax", `a a="a"`},
		{`(?<a>[a[bc]]+)`, "abcd", `abc a="abc"`},
		{`(?<a>[[:alpha:]_]+)`, "é_1", `é_ a="é_"`},
		{`(?<a>[^[:space:]]+)`, "ab c", `ab a="ab"`},
		{`(?<a>\p{Alpha}+)\p{^Digit}\P{L}`, "ab1.", `ab1 a="a"`},
		{`(?<a>\p{Alpha}+)\p{Digit}\P{L}`, "ab1.", `ab1. a="ab"`},
		{`(?<a>\/\"\'\ \-\_\:\<\>\@\#\%)`, `/"' -_:<>@#%`, `/"' -_:<>@#% a="/\"' -_:<>@#%"`},
		{`\{"a":(?<a>{})\}`, `{"a":{}}`, `{"a":{}} a="{}"`},
		{`(?<a>x{,2})(?<b>y{2})(?<c>z{1,})`, "xxyyzz", `xxyyzz a="xx" b="yy" c="zz"`},
		{`(?<a>\x41\u00e9\e?\t)`, "Aé\t", "Aé\t a=\"Aé\\t\""},
		{`(?<a>\S+)\R(?<b>\S+)`, "a\r\nb", "a\r\nb a=\"a\" b=\"b\""},
		{`(?mi)(?<a>a.B)`, "A\nb", "A\nb a=\"A\\nb\""},
		{`(?i:x)(?<a>x)`, "Xx", `Xx a="x"`},
		{`(?#note)(?<a>x)`, "x", `x a="x"`},
		{`(?<a>(?:ab){2}+)`, "ababababab", `abababab a="abababab"`}, // in Ruby no possessive one
		{`/a/`, "xay", "a"},
		{`/(a)(b)/`, "ab", "ab"},
		{`a/b`, "a/b", "a/b"},

		// What needs backtracking.
		{`(?<a>\w+)(?=;)`, "ab cd;", `cd a="cd"`},
		{`(?<a>\w+)(?!;)\b`, "ab;cd", `cd a="cd"`},
		{`(?<=x)(?<a>y)`, "yxy", `y a="y"`},
		{`(?<!x)(?<a>y)`, "xyy", `y a="y"`},
		{`(?<q>["'])(?<a>.*?)\k<q>`, `'a"b'`, `'a"b' q="'" a="a\"b"`},
		{`(?>a+)(?<b>ab|b)`, "aaab", `aaab b="b"`},
		{`(?<a>\d++)x`, "12x", `12x a="12"`},
		{`(?<a>é+)(?=;)`, "ü éé;", `éé a="éé"`}, // places are counted in bytes
		{`(a)\1`, "xaa", "aa"},
		{`(?<a>x{1001})`, strings.Repeat("x", 1001), strings.Repeat("x", 1001) + fmt.Sprintf(" a=%q", strings.Repeat("x", 1001))},
	} {
		r, err := Compile(c.expression, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if got := groups(r, c.text); got != c.want {
			t.Errorf("%s on %q:\n got %s\nwant %s", c.expression, c.text, got, c.want)
		}
		if r.Match([]byte(c.text)) != (c.want != "-") {
			t.Errorf("%s on %q: Match disagrees with Find", c.expression, c.text)
		}
	}
}

func TestRefused(t *testing.T) {
	for expression, words := range map[string]string{
		`(?<a>x`:                "not closed",
		`x)`:                    `\)`,
		`[a`:                    `write \[`,
		`[[:foo:]]`:             "no class [:foo:]",
		`[a-z&&[^aeiou]]`:       "&& within",
		`[a[^b]]`:               "within [...]",
		`\g<a>`:                 `\g`,
		`\k<b>(?<b>x)`:          "stands before",
		`\2(x)`:                 "not there yet",
		`*a`:                    "nothing before it",
		`a|*`:                   "nothing before it",
		`\p{Klingon}`:           "no property",
		`(?<>x)`:                "name is missing",
		`(?~abc)`:               "not supported",
		`(?<a>x)(?(<a>)y|z)`:    "not supported",
		`\`:                     "at its end",
		`[\H]`:                  "not supported",
		`/(?q)/`:                "not supported",
		`[z-a]`:                 "",
		`(?`:                    "not closed",
		`(?#x`:                  "not closed",
		`\x{110000}`:            "number",
		`(?<n>a)\M-a`:           "not supported",
		`(?<a>[[:^alpha:]0-9])`: "not supported",
	} {
		if r, err := Compile(expression, Options{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v %v, want %q", expression, r, err, words)
		}
	}
}

func TestWarning(t *testing.T) {
	for expression, words := range map[string]string{
		`/(?<a>x)(?=y)/`: "look-ahead",
		`/(?<a>x++)/`:    "possessive",
		`/(?<a>x)\k<a>/`: "back-reference",
		`/(?<a>x)/`:      "",
	} {
		r, err := Compile(expression, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Warning(); !strings.Contains(got, words) || (got == "") != (words == "") {
			t.Errorf("%s: %q, want %q", expression, got, words)
		}
	}
}

// A text that would take for ever is given up.
func TestTimeLimit(t *testing.T) {
	r, err := Compile(`^(?=(?<a>(x+x+)+y))`, Options{Timeout: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Find(nil, []byte(strings.Repeat("x", 5000))); ok {
		t.Error("a match where there is none")
	}
}

const nginx = `/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)"(?:\s+\"?(?<http_x_forwarded_for>[^\"]*)\"?)?)?$/`

const nginxLine = `127.0.0.1 192.168.0.1 - [28/Feb/2013:12:00:00 +0900] "GET /index.html?a=1 HTTP/1.1" 200 777 "http://example.org/" "Mozilla/5.0 (X11; Linux x86_64)" "10.0.0.1"`

func TestAllocatesNothing(t *testing.T) {
	for expression, text := range map[string]string{
		nginx: nginxLine,
		`/^(?<time>.+) (?<stream>stdout|stderr)( (?<logtag>.))? (?<log>.*)$/`: "2026-01-02T03:04:05.1Z stdout F hello world",
		`(?<level>[A-Z]+).*?(?<id>\d+)$`:                                      "at noon ERROR because of 42",
	} {
		r, err := Compile(expression, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.program == nil {
			t.Fatalf("%s is not of the usual kind", expression)
		}
		p := []byte(text)
		dst, ok := r.Find(nil, p)
		if !ok {
			t.Fatalf("%s does not match %s", expression, text)
		}
		if n := testing.AllocsPerRun(100, func() {
			dst, _ = r.Find(dst[:0], p)
			r.Match(p)
		}); n != 0 && !raceEnabled {
			t.Errorf("%s: %v allocations", expression, n)
		}
	}
}

// A search that would be quadratic is left to the linear engine.
func TestManySteps(t *testing.T) {
	r, err := Compile(`(?<a>x*)(?<b>x*)(?<c>x*)[yz]`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("x", 2000))
	if _, _, done := r.program.find(nil, text); done {
		t.Error("it was not given up")
	}
	if _, ok := r.Find(nil, text); ok {
		t.Error("a match where there is none")
	}
}

// The walk finds what Go's engine finds.
func FuzzWalk(f *testing.F) {
	for _, e := range []string{
		nginx, `(a|b)*c`, `x??y`, `(a+)(b*)?`, `a{2,3}?b`, `^a|b$`, `\bfoo\b`, `(?i)ab`, `(?:ab|a)(?:c|bcd)(d*)`, `[^ ]*é`, `(a|ab)(c|bcd)(d*)`, `.*?b.*`, `(?s).+x`, `(x*)*`, `a.*b.*c$`, `(?:a|b)??c{2}`, `(?:a|bc)*?c`, `(?:ab|c){1,}?d`,
	} {
		for _, text := range []string{nginxLine, "aaabbbccc", "é é", "foo bar\nfoo", "\xff", "abcd", "ccc"} {
			f.Add(e, text)
		}
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		if len(text) <= 2000 {
			sameAsGo(t, expression, text)
		}
	})
}

// sameAsGo holds what the walk finds against what Go's engine finds.
func sameAsGo(t *testing.T, expression string, texts ...string) {
	t.Helper()
	re, err := regexp.Compile(expression)
	if err != nil {
		return
	}
	p := compile(expression)
	if p == nil {
		return
	}
	for _, text := range texts {
		got, found, done := p.find(nil, []byte(text))
		want := re.FindSubmatchIndex([]byte(text))
		if done && (found != (want != nil) || found && fmt.Sprint(got) != fmt.Sprint(want)) {
			t.Errorf("%q on %q: %v, want %v", expression, text, got, want)
		}
		if found, done := p.match([]byte(text)); done && found != (want != nil) {
			t.Errorf("%q on %q: match says %v", expression, text, found)
		}
	}
}

// Expressions and texts made of few parts meet often, so that all ways through
// the walk are taken.
func TestWalkOfRandomExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	one := func(parts []string) string { return parts[r.IntN(len(parts))] }
	var expression func(depth int) string
	expression = func(depth int) string {
		switch n := r.IntN(8); {
		case depth == 0 || n < 3:
			return one([]string{"a", "b", "ab", "é", " ", `"`, ".", "[^ ]", `[^"]`, "[^é]", "[ab]", "[é-ü]", `\S`, `\w`, "(?s:.)", "(?i:b)", "^", "$", `\A`, `\z`, `\b`, `\B`})
		case n < 5:
			return expression(depth-1) + expression(depth-1)
		case n < 6:
			return "(" + expression(depth-1) + ")"
		case n < 7:
			return "(?:" + expression(depth-1) + "|" + expression(depth-1) + ")"
		}
		return "(?:" + expression(depth-1) + ")" + one([]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}?"})
	}
	for range 5000 {
		texts := make([]string, 8)
		for i := range texts {
			for range r.IntN(12) {
				texts[i] += one([]string{"a", "b", "B", "é", "ö", " ", `"`, "\n"})
			}
		}
		texts[0] += one([]string{"\xc3", "\xa9", "\xff"})
		sameAsGo(t, "(?m)"+expression(5), texts...)
	}
}

// Whatever is written, Compile answers, and what it accepts can be run.
func FuzzCompile(f *testing.F) {
	for _, e := range []string{nginx, `/(?<@a>[\w-.]+)\Z/mix`, `(?<q>["'])\k<q>`, `[[:alpha:]&&x]`, `\x{41}\u0041\017\R`, `(?>a)b++c{,3}{2}`} {
		f.Add(e, "text")
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		if len(expression) > 100 || len(text) > 50 {
			return
		}
		r, err := Compile(expression, Options{Timeout: 1e6})
		if err != nil {
			return
		}
		if m, ok := r.Find(nil, []byte(text)); ok {
			for i := range r.Names() {
				if lo, hi := r.Group(m, i); lo > hi || hi > len(text) {
					t.Fatalf("%q on %q: %v", expression, text, m)
				}
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	r, err := Compile(nginx, Options{})
	if err != nil {
		b.Fatal(err)
	}
	p := []byte(nginxLine)
	var dst []int
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = r.Find(dst[:0], p)
	}
}

func BenchmarkFindLinear(b *testing.B) {
	r, err := Compile(nginx, Options{})
	if err != nil {
		b.Fatal(err)
	}
	p := []byte(nginxLine)
	for b.Loop() {
		r.linear.FindSubmatchIndex(p)
	}
}
