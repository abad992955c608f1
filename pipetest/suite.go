package pipetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sluice/conf"
)

// The ends of the names of a test's files.
const (
	endIn  = ".in.jsonl"
	endOut = ".out.jsonl"
)

// Report is what the tests of one directory found.
type Report struct {
	Dir      string   `json:"dir"`
	Tests    []Result `json:"tests"`
	Coverage []*Point `json:"coverage"`
}

// Result is what one test found.
type Result struct {
	Name    string   `json:"name"`
	OK      bool     `json:"ok"`
	Updated bool     `json:"updated,omitempty"` // its expected file was written
	Error   string   `json:"error,omitempty"`
	Changes []Change `json:"changes,omitempty"`
}

// Failed reports whether a test found a difference, or could not be run.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Tests, func(t Result) bool { return !t.OK })
}

// FindConfig is the configuration in a directory.
func FindConfig(dir string) (file string, err error) {
	names := []string{"sluice.yaml", "sluice.yml", "fluent.conf", "fluent.yaml", "fluent.yml", "fluentd.conf", "td-agent.conf"}
	for _, name := range names {
		path := filepath.Join(dir, name)
		_, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("cannot read the configuration: %w", err)
		case file != "":
			return "", fmt.Errorf("there are two configurations in %s: say which with --config FILE", dir)
		default:
			file = path
		}
	}
	if file == "" {
		return "", fmt.Errorf("there is no configuration in %s: name it %s, or say --config FILE", dir, strings.Join(names, ", "))
	}
	return file, nil
}

// Run runs the tests of a directory, each on a pipeline of its own. With
// update the expected files are written instead.
func Run(ctx context.Context, dir string, cfg Config, update bool) (*Report, conf.Problems, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*"+endIn))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("there is no test in %s: write NAME%s", dir, endIn)
	}
	if err != nil {
		return nil, nil, err
	}
	report := &Report{Dir: dir}
	for _, file := range found {
		p, problems, err := newPipeline(cfg)
		if err != nil || problems.Bad() {
			return nil, problems, err
		}
		base := strings.TrimSuffix(file, endIn)
		res := Result{Name: filepath.Base(base)}
		if err := p.test(ctx, base, update, &res); err != nil {
			res.Error = err.Error()
		}
		res.OK = res.Error == "" && len(res.Changes) == 0
		report.Tests = append(report.Tests, res)
		report.cover(p.points)
		p.parts.Close()
	}
	return report, nil, nil
}

// test runs one test.
func (p *pipeline) test(ctx context.Context, base string, update bool, res *Result) error {
	data, err := os.ReadFile(base + endIn)
	if err != nil {
		return fmt.Errorf("cannot read the records: %w", err)
	}
	in, err := records(base+endIn, data)
	if err != nil {
		return err
	}
	got, err := p.run(ctx, in)
	if err != nil {
		return fmt.Errorf("%s: %w", base+endIn, err)
	}
	want, err := expected(base + endOut)
	if update {
		changed := err != nil || !slices.Equal(want, got)
		if !changed {
			return nil
		}
		res.Updated = true
		return write(base+endOut, got)
	}
	if err != nil {
		return err
	}
	res.Changes = diff(want, got)
	return nil
}

// expected reads a file of outcomes.
func expected(file string) (list []string, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: write it with --update", file)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what is expected: %w", err)
	}
	err = lines(file, data, func(line []byte) error {
		var o Outcome
		if err := decode(line, &o); err != nil {
			return err
		}
		text, err := o.line()
		list = append(list, text)
		return err
	})
	return list, err
}

func write(file string, lines []string) error {
	text := strings.Join(lines, "\n")
	if text != "" {
		text += "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot write what is expected: %w", err)
	}
	return nil
}

// cover adds what one test reached; points are the same ones each time.
func (r *Report) cover(points []*Point) {
	if r.Coverage == nil {
		r.Coverage = points
		return
	}
	for i, p := range points {
		r.Coverage[i].Records += p.Records
		r.Coverage[i].Dropped += p.Dropped
	}
}

// Reached is how many filters and matches a record came to.
func (r *Report) Reached() (n int) {
	for _, p := range r.Coverage {
		n += min(p.Records, 1)
	}
	return n
}
