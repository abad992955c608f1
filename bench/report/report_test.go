package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/bench/proc"
	"sluice/bench/tally"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() *Results {
	run := func(cpu float64, rss int64) Run {
		return Run{
			Records: 1_000_000, CPU: cpu, System: cpu / 4, Rate: 200_000, DocBytes: 550, TextBytes: 600, WireBytes: 70,
			Requests: 100, Allocs: 0.05, RSSMax: rss,
		}
	}
	steady := run(3, 40e6)
	steady.Delays = tally.Delays{Records: 10, P50: 90 * time.Millisecond, P99: 210 * time.Millisecond}
	silent := run(1.25, 50e6)
	silent.Allocs = -1
	doubled := silent
	doubled.Doubled = 2
	return &Results{
		Origin: Origin{
			Date: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Version: "v1.2.3",
			Machine: proc.Machine{CPU: "Some & CPU", Cores: 2, Memory: 16 << 30, Kernel: "6.1.0", Go: "go1.26.0"}, Load: 3.5,
		},
		Scenarios: []Scenario{
			{Name: "tail-10", Title: "tail 10 files, no gzip", Target: 2, Goal: 1.5, Runs: []Run{run(1.9, 50e6), run(1.5, 60e6), run(1.6, 55e6)}},
			{Name: "tail-10-gzip", Title: "tail 10 files, gzip", Target: 3.2, Runs: []Run{silent, doubled}},
			{Name: "steady-10", Title: "20,000 lines/s", RSSTarget: 45e6, Runs: []Run{steady}},
			{Name: "lame", Title: "one that failed", Failed: "it did not start"},
		},
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it):\n%s", path, got)
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := sample().Table(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.String())
}

func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	page := "# Title\n\nAbove.\n\n" + benchMarks.begin + "\nold\n" + benchMarks.end + "\n\nBelow.\n"
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := sample().WritePage(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "page.md", string(got))
}

func TestPageWithoutMarksStaysAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := sample().WritePage(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no page: %v", err)
	}
	for _, page := range []string{"", benchMarks.begin, benchMarks.end, benchMarks.end + benchMarks.begin} {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		err := sample().WritePage(path)
		if got, _ := os.ReadFile(path); err == nil || string(got) != page {
			t.Errorf("%q became %q, %v", page, got, err)
		}
	}
}

func TestDiskPage(t *testing.T) {
	d := DiskChecks(sample().Origin)
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("Above.\n"+d.marks().begin+d.marks().end+"\nBelow.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Lost, d.Rows = 1, []Check{
		{What: "acks", Measured: "p99 9 ms", Beside: "fsync p99 4 ms", Target: "at most 3 fsyncs"},
		{What: "drain", Measured: "50,000 records/s", Target: "at least 100,000", Missed: true},
		{What: "filled", Measured: "3 GB"},
	}
	if err := d.WritePage(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := d.Table(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "disk.md", string(got)+"\n"+table.String())
}

func TestPlot(t *testing.T) {
	svg := sample().svg()
	golden(t, "plot.svg", svg)
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

func TestSave(t *testing.T) {
	r := sample()
	path, err := r.Save(filepath.Join(t.TempDir(), "results"))
	if err != nil || filepath.Base(path) != "2026-11-22.json" {
		t.Fatalf("%s, %v", path, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var again Results
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if len(again.Scenarios) != 4 || again.Scenarios[0].Runs[1] != r.Scenarios[0].Runs[1] || again.Machine != r.Machine {
		t.Errorf("came back as %+v", again)
	}
}

func TestWhole(t *testing.T) {
	r := sample()
	for i, want := range []bool{true, false, true, false} {
		one := Results{Scenarios: r.Scenarios[i : i+1]}
		if one.Whole() != want {
			t.Errorf("%s: whole is %v", r.Scenarios[i].Title, !want)
		}
	}
	for _, run := range []Run{{Lost: 1}, {Doubled: 1}, {Strange: 1}} {
		if run.Whole() {
			t.Errorf("%+v is whole", run)
		}
	}
}

func TestSpread(t *testing.T) {
	runs := func(cpu ...float64) (s Scenario) {
		for _, v := range cpu {
			s.Runs = append(s.Runs, Run{CPU: v})
		}
		return s
	}
	for _, c := range []struct {
		s    Scenario
		want spread
	}{
		{runs(), spread{}},
		{runs(3), spread{3, 3, 3}},
		{runs(3, 1), spread{1, 2, 3}},
		{runs(9, 1, 4), spread{1, 4, 9}},
	} {
		if got := c.s.spread(cpu); got != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.s.Runs, got, c.want)
		}
	}
}
