package ruby

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
	"go.uber.org/goleak"

	"sluice/event"
	"sluice/parser"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // what Fluentd's images run in
	goleak.VerifyTestMain(m)
}

func compiler() *Compiler {
	return NewCompiler(Options{Hostname: "node-1", Getenv: func(name string) (string, bool) {
		v, ok := map[string]string{"CLUSTER": "blue"}[name]
		return v, ok
	}})
}

const sample = `{"s":"Hello World","n":42,"f":1.5,"neg":-7,"z":null,"t":true,"e":"","log":"{\"level\":\"warn\",\"n\":[1,2]}","u":"Grüße","q":"a\"b\nc",
"o":{"p":{"q":"deep","n":7},"l":["x",2,{"y":"z"}]},"tags":["b","a","b"],"code":"404","lines":"one\ntwo\n"}`

// batch makes a batch of one record; packed: with msgpack values.
func batch(t testing.TB, object string, packed bool) *event.Batch {
	t.Helper()
	b := &event.Batch{Tag: "kubernetes.var.log.app"}
	b.Begin(event.Record{Time: event.Time{Sec: 1700000000, Nsec: 123456789}, Weight: 1})
	if !parser.ParseObject(b, 0, b.PutString(object, event.Text), "") {
		t.Fatalf("not an object: %s", object)
	}
	for i := range b.Fields {
		if f := &b.Fields[i]; packed {
			raw := appendMsgp(nil, load(b, f.Val))
			f.Val = b.Put(raw, event.Msgp)
		}
	}
	b.Shared = &event.Fragment{Namespace: "prod", Pod: "web-1", Labels: []event.Pair{{Name: "app.kubernetes.io/name", Value: "shop"}}}
	return b
}

// appendMsgp is v in msgpack.
func appendMsgp(dst []byte, v value) []byte {
	switch v = force(v); v.kind {
	case kTrue, kFalse:
		return msgp.AppendBool(dst, v.truthy())
	case kInt:
		return msgp.AppendInt64(dst, v.n)
	case kFloat:
		return msgp.AppendFloat64(dst, v.float())
	case kStr:
		return msgp.AppendString(dst, v.s)
	case kArr:
		dst = msgp.AppendArrayHeader(dst, uint32(len(v.o.list)))
		for _, x := range v.o.list {
			dst = appendMsgp(dst, x)
		}
		return dst
	case kHash:
		dst = msgp.AppendMapHeader(dst, uint32(len(v.o.pairs)))
		for _, p := range v.o.pairs {
			dst = appendMsgp(appendMsgp(dst, p.k), p.v)
		}
		return dst
	}
	return msgp.AppendNil(dst)
}

// eval is what src gives, as JSON.
func eval(t testing.TB, src string, packed bool) (string, error) {
	t.Helper()
	c := compiler()
	p, err := c.Expression(src)
	if err != nil {
		t.Errorf("%s: %v", src, err)
		return "", nil
	}
	b := batch(t, sample, packed)
	e := c.Env(b)
	defer e.Close()
	e.Record(0)
	v, err := e.Value(p, false)
	if err != nil {
		return "", err
	}
	out := load(b, v)
	return string(appendJSON(nil, out)), nil
}

// What is expected was compared with what Ruby itself gives: see the file.
func TestExpressions(t *testing.T) {
	raw, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(raw), "\n") {
		src, want, ok := strings.Cut(line, " ==> ")
		if !ok || strings.HasPrefix(line, "# ") {
			continue
		}
		src = strings.ReplaceAll(src, "⏎", "\n")
		if want == "refused" {
			if _, err := compiler().Expression(src); err == nil {
				t.Errorf("line %d: %s was accepted", n+1, src)
			}
			continue
		}
		for _, packed := range []bool{false, true} {
			got, err := eval(t, src, packed)
			if class, raises := strings.CutPrefix(want, "raises "); raises {
				var r *Raised
				if !errors.As(err, &r) || r.Class != class {
					t.Errorf("line %d (msgpack %v): %s\n got %s, %v\nwant an error %s", n+1, packed, src, got, err, class)
				}
				continue
			}
			if err != nil || got != want {
				t.Errorf("line %d (msgpack %v): %s\n got %s, %v\nwant %s", n+1, packed, src, got, err, want)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		src    string
		offset int
		words  string
	}{
		{`record["a"].upcas`, 12, "the method upcas is not supported (write upcase)"},
		{`record["a"].to_s.gsub!(/x/, "")`, 17, "write gsub, which returns the new value"},
		{`record["a"].tap { |s| s.gsub!(/x/, "") }`, 24, "write gsub, which returns the new value"},
		{`recrd["a"]`, 0, "recrd is unknown (write record)"},
		{`foo`, 0, `a record's field is record["foo"]`},
		{`File.read("/etc/passwd")`, 0, "a filter does no I/O"},
		{"`ls`", 0, "no command"},
		{`system("ls")`, 0, "system is not supported"},
		{`Tme.now`, 0, "write Time"},
		{`Time.noww`, 5, "write Time.now"},
		{`Date.today`, 0, "write time.strftime"},
		{`record["a`, 7, "a text has no end"},
		{`record["a"`, 10, "unexpected the end where , should be"},
		{`1 +`, 3, "unexpected the end where a value should be"},
		{`record["a"] =~ /(/`, 15, "cannot use the expression"},
		{`while true do end`, 0, "use each, map or select"},
		{`tag_parts["x"] = 1`, 15, "write a field of its own"},
		{`record.each { |k| break }`, 18, "break is not supported"},
		{`@x`, 0, "instance variables"},
		{`$x`, 0, "global variables"},
		{`-> { 1 }`, 0, "lambdas"},
		{`tag_parts.join "."`, 15, "in parentheses"},
		{`"a".upcase(1, 2, 3)`, 4, "does not take 3 arguments"},
		{`"a".upcase { 1 }`, 4, "takes no block"},
		{`require "pp"`, 8, "the library pp is not there"},
		{`x += 1`, 0, "has no value"},
		{`99999999999999999999`, 0, "too large"},
		{strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000), 0, "nest too deep"},
		{strings.Repeat(`"#{`, 1000) + "1" + strings.Repeat(`}"`, 1000), 0, "nest too deep"},
	} {
		_, err := compiler().Expression(c.src)
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%.40s: got %v, want %q", c.src, err, c.words)
			continue
		}
		if at, ok := Offset(err); !ok || at != c.offset && !strings.Contains(c.words, "too deep") {
			t.Errorf("%.40s: at %d, want %d (%v)", c.src, at, c.offset, err)
		}
	}
}

func TestText(t *testing.T) {
	for src, want := range map[string]string{
		`plain`:                           `"plain"`,
		``:                                `""`,
		`${record["n"]}`:                  `42`,
		`${record["n"]} `:                 `"42 "`,
		`${tag}-${record["o"]["p"]["q"]}`: `"kubernetes.var.log.app-deep"`,
		`a#{1 + 1}b`:                      `"a2b"`,
		`line\nend`:                       `"line\nend"`,
		`${record["x"] || "${tag}"}`:      `"${tag}"`,
		`${"#{record["s"]}}"}`:            `"Hello World}"`,
		`${record["o"]}`:                  `{"p":{"q":"deep","n":7},"l":["x",2,{"y":"z"}]}`,
		`${hostname}/${ENV["CLUSTER"]}`:   `"node-1/blue"`,
		`${{"a" => 1}["a"]}`:              `1`,
		`${record["kubernetes"]["labels"]["app.kubernetes.io/name"]}`: `"shop"`,
		`${record.dig("kubernetes", "pod_name")}`:                     `"web-1"`,
		`${tag_parts[1]}$`: `"var$"`,
	} {
		c := compiler()
		p, err := c.Text(src, true)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		b := batch(t, sample, false)
		e := c.Env(b)
		e.Record(0)
		v, err := e.Value(p, false)
		if got := string(appendJSON(nil, load(b, v))); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", src, got, err, want)
		}
		e.Close()
	}
	for _, src := range []string{`${`, `${record["a"]`, `a ${1 +} b`} {
		if _, err := compiler().Text(src, true); err == nil {
			t.Errorf("%s was accepted", src)
		}
	}
}

func TestWhatVaries(t *testing.T) {
	for src, want := range map[string]bool{
		`tag`: false, `tag_parts[0].upcase`: false, `hostname + ENV["CLUSTER"]`: false, `Time.at(0)`: false,
		`record["a"]`: true, `record`: true, `time.year`: true, `Time.now`: true, `SecureRandom.uuid`: true,
	} {
		p, err := compiler().Expression(src)
		if err != nil || p.Varies != want {
			t.Errorf("%s: %v, %v", src, p, err)
		}
	}
}

// What would take for ever, or all the memory, raises.
func TestBounds(t *testing.T) {
	for _, src := range []string{
		`"a" * 100000000`, `a = "ab" * 1000000; b = a * 8; c = b * 8; d = c * 8; d.length`,
		`(1..100000).map { |i| (1..100000).map { |j| i + j }.sum }.sum`, `(1..1000000000).to_a`,
		`("a" * 100000000) rescue "x" * 100000000`, `9223372036854775807 + 1`, `-9223372036854775807 - 2`, `2 ** 64`, `"%100000000d" % 1 * 1000`,
		`x = []; (1..100000).each { |i| x << x }; x.flatten.length; (1..9).each { |i| x.push(i) }; raise_error_instead = 1 / 0`,
	} {
		if got, err := eval(t, src, false); err == nil {
			t.Errorf("%s gave %.60s", src, got)
		}
	}
}

func TestProgramsRunTogether(t *testing.T) {
	c := compiler()
	p, err := c.Text(`${record["s"].upcase} ${x = record["n"]; x + 1} ${tag_parts.last}`, true)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				b := batch(t, sample, false)
				e := c.Env(b)
				e.Record(0)
				v, err := e.Value(p, true)
				if got := string(b.Bytes(v)); err != nil || got != "HELLO WORLD 43 app" {
					t.Errorf("%q, %v", got, err)
				}
				e.Close()
			}
		})
	}
	wg.Wait()
}

func TestALoop(t *testing.T) {
	// An array may hold itself; nothing may follow that for ever.
	for _, src := range []string{`x = []; x << x; x.to_json`, `x = []; x << x; x.flatten`, `x = []; x << x; x == [[]]`, `x = {}; x["a"] = x; x.to_json`, `x = []; x << x; x.join`} {
		eval(t, src, false)
	}
}

func FuzzExpression(f *testing.F) {
	raw, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if src, _, ok := strings.Cut(line, " ==> "); ok {
			f.Add(strings.ReplaceAll(src, "⏎", "\n"))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		c := compiler()
		p, err := c.Text("a${"+src+"}b", true)
		if err != nil {
			return
		}
		b := batch(t, sample, false)
		e := c.Env(b)
		defer e.Close()
		e.Record(0)
		e.Value(p, false)
	})
}
