package fluent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sluice/conf"
)

// Options say what the file may ask for. Nil functions are the real ones.
type Options struct {
	Env      func(name string) (string, bool)
	Hostname func() (string, error)
	Read     func(path string) ([]byte, error)
	Glob     func(pattern string) ([]string, error)
	Worker   string // worker_id; empty: as the environment says, which is nil outside of Fluentd
}

func (o Options) defaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Hostname == nil {
		o.Hostname = os.Hostname
	}
	if o.Read == nil {
		o.Read = readFile
	}
	if o.Glob == nil {
		o.Glob = filepath.Glob
	}
	return o
}

// maxFile bounds one file, in bytes; maxDepth how deep includes and sections
// may nest.
const (
	maxFile  = 16 << 20
	maxDepth = 64
)

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s is larger than %s", path, conf.FormatSize(maxFile))
	}
	return os.ReadFile(path)
}

// Syntax is one of the ways to write a configuration.
type Syntax uint8

// The syntaxes.
const (
	Settings Syntax = iota // Sluice's own settings file: not read here
	Conf                   // fluent.conf
	YAML                   // Fluentd's YAML
)

// Detect tells by its content how a file is written.
func Detect(data []byte) Syntax {
	yaml := Settings
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		text := strings.TrimRight(line, " \t\r\n")
		word, _, _ := strings.Cut(strings.TrimLeft(text, " \t"), " ")
		switch {
		case word == "" || word[0] == '#' || word == "---":
			continue
		case word[0] == '<' || word == "@include" || word == "include":
			return Conf
		case text == "config:" || strings.HasPrefix(text, "config: ") || strings.HasPrefix(text, "config:\t"):
			return YAML
		case text == "system:" || text[0] == ' ' || text[0] == '\t':
			continue // config: may come after it
		}
	}
	return yaml
}

// Parse reads a file in one of Fluentd's languages with what it includes. The
// root is never nil; it is whole only where no problem is an error.
func Parse(file string, data []byte, o Options) (*conf.Element, conf.Problems) {
	b := &build{o: o.defaults(), root: &conf.Element{Name: "ROOT", Dialect: conf.Fluentd, Pos: conf.Pos{Origin: conf.FromFile, Name: file, Line: 1, Col: 1}}}
	if Detect(data) == YAML {
		b.yamlFile(file, data)
	} else {
		b.confFile(b.root, file, data, nil)
	}
	b.problems.Sort()
	return b.root, b.problems
}

// build is one run of Parse.
type build struct {
	o        Options
	root     *conf.Element
	problems conf.Problems
}

func (b *build) add(pos conf.Pos, s conf.Severity, what, fix string) {
	b.problems = append(b.problems, conf.Problem{Pos: pos, Severity: s, What: what, Fix: fix})
}

// confFile reads a file into e. via are the files that include it.
func (b *build) confFile(e *conf.Element, file string, data []byte, via []string) {
	p := &parser{build: b, scanner: newScanner(file, data), via: append(via, file)}
	if err := p.body(e, nil); err != nil {
		var at *syntaxError
		if !errors.As(err, &at) {
			panic("BUG: an error without a place: " + err.Error())
		}
		b.add(at.pos, conf.Error, at.what, at.fix)
	}
}

// include reads the files that match pattern, which is relative to the
// including file's directory.
func (b *build) include(pos conf.Pos, from, pattern string, via []string, read func(path string, data []byte)) {
	path := strings.TrimPrefix(pattern, "file://")
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		b.add(pos, conf.Error, fmt.Sprintf("cannot include %s: %s is not supported", pattern, scheme), "fetch the file, and include its path")
		return
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from), path)
	}
	paths, err := b.o.Glob(path)
	if err != nil {
		b.add(pos, conf.Error, fmt.Sprintf("cannot include %q: %v", pattern, err), "write a path, or a glob with *, ? or [a-z]")
		return
	}
	if len(paths) == 0 && !strings.ContainsAny(pattern, "*?[{") {
		b.add(pos, conf.Warning, fmt.Sprintf("there is no file %s: nothing is included", pattern), "name a file that is there, or remove the line")
	}
	for _, path := range paths { // Glob sorts
		if len(via) > maxDepth || contains(via, path) {
			b.add(pos, conf.Error, fmt.Sprintf("%s includes itself", path), "remove the line")
			continue
		}
		data, err := b.o.Read(path)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			b.add(pos, conf.Error, fmt.Sprintf("cannot include %s: %v", path, err), "make the file readable")
			continue
		}
		read(path, data)
	}
}

func contains(list []string, path string) bool {
	for _, s := range list {
		if filepath.Clean(s) == filepath.Clean(path) {
			return true
		}
	}
	return false
}
