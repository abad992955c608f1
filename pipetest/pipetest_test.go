package pipetest

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sluice/conf"
	"sluice/conf/fluent"
	"sluice/forwarder/catalog"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load reads a configuration of one of the three languages.
func load(t *testing.T, file string) Config {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := catalog.Default()
	if fluent.Detect(data) == fluent.Settings {
		tree, problems := conf.Load(conf.LoadOptions{File: file, Schema: s})
		if problems.Bad() {
			t.Fatal(problems)
		}
		return Config{Tree: tree, Settings: s}
	}
	root, problems := fluent.Parse(file, data, fluent.Options{})
	if problems = append(problems, catalog.FromTree(s, root)...); problems.Bad() {
		t.Fatal(problems)
	}
	return Config{Tree: &conf.Tree{Root: root}, Settings: s}
}

// run runs a directory's tests.
func run(t *testing.T, dir string, update bool) *Report {
	t.Helper()
	file, err := FindConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	report, problems, err := Run(t.Context(), dir, load(t, file), update)
	if err != nil || problems.Bad() {
		t.Fatal(err, problems)
	}
	return report
}

// The directories below testdata are tests as a user writes them; their out
// files, and what is said of them, are the goldens.
func TestDirectories(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) < 3 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		if *update {
			run(t, dir, true)
		}
		report := run(t, dir, false)
		var got strings.Builder
		if err := report.Text(&got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join(dir, "report.txt")
		if *update {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil || got.String() != string(want) {
			t.Errorf("%v, got:\n%swant:\n%s", err, got.String(), want)
		}
	}
}

// What joins hold comes in the same order whenever it is let go.
func TestTheSameRecordsGiveTheSameLines(t *testing.T) {
	for range 50 {
		if report := run(t, "testdata/fluent", false); report.Failed() {
			t.Fatalf("%+v", report.Tests)
		}
	}
}

// files makes a directory; names and contents in turn.
func files(t *testing.T, list ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(list); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, list[i]), []byte(list[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const one = "<match **>\n  @type elasticsearch\n  @id es\n  host es.example\n</match>\n"

func TestDifferences(t *testing.T) {
	line := func(message, more string) string {
		return `{"output":"es","tag":"a","time":"2026-01-01T00:00:00Z","record":{"message":"` + message + `"` + more + "}}\n"
	}
	dir := files(t, "fluent.conf", one,
		"x.in.jsonl", strings.Repeat("#\n", 3)+`{"tag":"a","record":{"message":"1","n":1}}`+"\n"+`{"tag":"a","record":{"message":"2"}}`+"\n"+`{"tag":"a","record":{"message":"3"}}`,
		"x.out.jsonl", line("1", `,"o":{"p":[1]}`)+"\n# the third is not there\n"+line("2", "")+line("4", "")+line("5", ""))
	report := run(t, dir, false)
	var got strings.Builder
	if err := report.Text(&got); err != nil {
		t.Fatal(err)
	}
	want := `FAIL DIR x: - expected, + came
  - ` + line("1", `,"o":{"p":[1]}`) + `  + ` + line("1", `,"n":1`) + `      record.n is new: 1
      record.o is missing: {"p":[1]}
  - ` + line("4", "") + `  + ` + line("3", "") + `      record.message is "3", expected "4"
  - ` + line("5", "") + `DIR: 0 of 1 tests good; 1 of 1 filters and matches reached
`
	if s := strings.ReplaceAll(got.String(), dir, "DIR"); s != want || !report.Failed() {
		t.Fatalf("got:\n%swant:\n%s", s, want)
	}
	if report := run(t, dir, true); report.Failed() || !report.Tests[0].Updated {
		t.Fatalf("%+v", report.Tests)
	}
	if report := run(t, dir, true); report.Failed() || report.Tests[0].Updated {
		t.Fatalf("written again: %+v", report.Tests)
	}
	if report := run(t, dir, false); report.Failed() {
		t.Fatalf("%+v", report.Tests)
	}
}

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		want, got string // a letter is a line
		changes   string // -+ in turn
	}{
		{"", "", ""},
		{"abc", "abc", ""},
		{"abc", "ac", "-b"},
		{"ac", "abc", "+b"},
		{"abc", "axc", "-b+x"},
		{"abcd", "bcda", "-a +a"},
		{"", "ab", "+a +b"},
		{"abc", "xyz", "-a+x -b+y -c+z"},
	} {
		var list []string
		for _, change := range diff(letters(c.want), letters(c.got)) {
			s := ""
			if change.Want != "" {
				s = "-" + change.Want
			}
			if change.Got != "" {
				s += "+" + change.Got
			}
			list = append(list, s)
		}
		if got := strings.Join(list, " "); got != c.changes {
			t.Errorf("%q %q: %q, want %q", c.want, c.got, got, c.changes)
		}
	}
}

func letters(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "")
}

func TestMistakes(t *testing.T) {
	const good = `{"tag":"a","record":{}}`
	for _, c := range []struct{ in, want string }{
		{`{"record":{}}`, `x.in.jsonl:1: "tag" is missing`},
		{good + "\n\n" + `{"tag":"a"}`, `x.in.jsonl:3: "record" is missing, or no object`},
		{`{"tag":"a","record":[]}`, `x.in.jsonl:1: "record" is missing, or no object`},
		{`{"tag":"a","record":{},"tiem":1}`, `x.in.jsonl:1: cannot read the line: json: unknown field "tiem"`},
		{`{"tag":"a","record":{}`, `x.in.jsonl:1: cannot read the line: unexpected EOF`},
		{good + good, "x.in.jsonl:1: something follows the JSON object: write one on each line"},
		{`{"tag":"a","record":{},"time":"today"}`, `x.in.jsonl:1: "time" is "today": write 2026-01-31T23:59:59.5Z, or Unix seconds`},
		{`{"tag":"a","record":{},"time":1e9}`, `x.in.jsonl:1: "time" is 1e9: write`},
		{`{"tag":"a","record":{},"time":-1}`, `x.in.jsonl:1: "time" is -1: write`},
		{`{"tag":"a","record":{},"label":"@A","input":"b"}`, `x.in.jsonl:1: both "label" and "input"`},
		{good + "\n" + `{"tag":"a","record":{},"label":"@A"}`, "x.in.jsonl: record 2: there is no label @A; there are: "},
		{`{"tag":"a","record":{},"input":"b"}`, "x.in.jsonl: record 1: there is no input b; there are: "},
		{good, "x.out.jsonl: write it with --update"},
	} {
		report := run(t, files(t, "fluent.conf", one, "x.in.jsonl", c.in), false)
		if got := report.Tests[0].Error; !strings.Contains(got, c.want) || !report.Failed() {
			t.Errorf("%s\ngot:  %s\nwant: %s", c.in, got, c.want)
		}
	}
}

func TestFindConfig(t *testing.T) {
	for _, c := range []struct {
		names []string
		err   string
	}{
		{[]string{"fluent.conf"}, ""},
		{nil, "there is no configuration in"},
		{[]string{"fluent.conf", "sluice.yaml"}, "there are two configurations in"},
	} {
		var list []string
		for _, name := range c.names {
			list = append(list, name, one)
		}
		dir := files(t, list...)
		file, err := FindConfig(dir)
		if c.err == "" && (err != nil || file != filepath.Join(dir, c.names[0])) || c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)) {
			t.Errorf("%v: %s %v", c.names, file, err)
		}
	}
	if _, _, err := Run(t.Context(), files(t, "fluent.conf", one), Config{}, false); err == nil || !strings.Contains(err.Error(), "there is no test in") {
		t.Error(err)
	}
}

// A configuration that cannot run is told with its places.
func TestABadConfiguration(t *testing.T) {
	dir := files(t, "fluent.conf", "<match **>\n  @type nul\n</match>\n", "x.in.jsonl", `{"tag":"a","record":{}}`)
	report, problems, err := Run(t.Context(), dir, load(t, filepath.Join(dir, "fluent.conf")), false)
	if report != nil || err != nil || !strings.Contains(problems.String(), `fluent.conf:2:3: error: unknown match type "nul" (write null)`) {
		t.Error(report, problems, err)
	}
}

func TestCoverageAddsUp(t *testing.T) {
	dir := files(t, "fluent.conf", "<filter a>\n  @type grep\n  <exclude>\n    key x\n    pattern 1\n  </exclude>\n</filter>\n"+one,
		"1.in.jsonl", `{"tag":"a","record":{"x":"1"}}`+"\n"+`{"tag":"a","record":{"x":"2"}}`, "2.in.jsonl", `{"tag":"b","record":{}}`)
	var got [][]int
	for _, p := range run(t, dir, true).Coverage {
		got = append(got, []int{p.Records, p.Dropped})
	}
	if want := [][]int{{2, 1}, {2, 0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
