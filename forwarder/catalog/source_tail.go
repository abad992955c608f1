package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding"

	"sluice/forwarder"
	"sluice/forwarder/filter"
	"sluice/forwarder/tail"
	"sluice/parser"
)

// tailSource is Fluentd's source tail. What is not here is in
// tailSourceParams.
type tailSource struct {
	Path        string        `conf:"path,required"`
	Delimiter   string        `conf:"path_delimiter"`
	ExcludePath []string      `conf:"exclude_path"`
	Tag         string        `conf:"tag,required"`
	FromHead    bool          `conf:"read_from_head"`
	PathKey     string        `conf:"path_key"`
	OffsetKey   string        `conf:"offset_key"` // Fluent Bit's: where in its file a record begins
	Encoding    string        `conf:"encoding"`
	From        string        `conf:"from_encoding"`
	BytesLimit  int64         `conf:"read_bytes_limit_per_second,size"`
	Recent      time.Duration `conf:"limit_recently_modified"`
	PosFile     string        `conf:"pos_file"` // taken over at the first start
	Refresh     time.Duration `conf:"refresh_interval"`
	RotateWait  time.Duration `conf:"rotate_wait"`
	MaxLine     int64         `conf:"max_line_size,size"`
	FlushAfter  time.Duration `conf:"multiline_flush_interval"`
	Unmatched   bool          `conf:"emit_unmatched_lines"`
	Group       tailGroup     `conf:"group"`
	Parse       tailParse     `conf:"parse"`
}

// digits are the codes of strftime that a path may hold, as globs: the files of
// all times are followed, not only today's.
var digits = strings.NewReplacer("%Y", "[0-9][0-9][0-9][0-9]", "%y", "[0-9][0-9]", "%m", "[0-9][0-9]", "%d", "[0-9][0-9]", "%H", "[0-9][0-9]", "%M", "[0-9][0-9]", "%S", "[0-9][0-9]", "%j", "[0-9][0-9][0-9]")

// deepest is how many directories **/ stands for at most.
const deepest = 6

// deep is a path once for each number of directories that its **/ may stand for.
func deep(path string) []string {
	if !strings.Contains(path, "/**/") {
		return []string{path}
	}
	var paths []string
	for n := range deepest + 1 {
		paths = append(paths, deep(strings.Replace(path, "/**/", "/"+strings.Repeat("*/", n), 1))...)
	}
	return paths
}

// tailEach makes one source of the paths.
func tailEach(c *Context, cfg tail.Config, paths []string) (input, error) {
	var all []forwarder.Source
	for i, path := range paths {
		cfg.Path = digits.Replace(strings.TrimSpace(path))
		switch {
		case strings.Contains(cfg.Path, "%"):
			return input{}, fieldError{"path", fmt.Sprintf("%q holds a code of strftime that is not supported", path), "write * for what changes"}
		case !strings.HasPrefix(cfg.Path, "/"):
			return input{}, fieldError{"path", fmt.Sprintf("%q does not begin with /", path), "write the whole path"}
		}
		each := *c
		if i > 0 {
			each = *c.builder.context(fmt.Sprintf("%s-%d", c.Name, i+1), "input", c.label)
			each.positions = c.positions + path + "|"
		}
		in, err := newTail(&each, cfg)
		if err != nil {
			return input{}, err
		}
		all = append(all, in.Source)
	}
	if len(all) == 1 {
		return input{Source: all[0]}, nil
	}
	return input{Source: source(func(ctx context.Context, out forwarder.Out) error { return runAll(ctx, out, all) })}, nil
}

// runAll runs the sources; one that fails stops the others.
func runAll(ctx context.Context, out forwarder.Out, all []forwarder.Source) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	errs := make([]error, len(all))
	for i, s := range all {
		wg.Go(func() {
			if errs[i] = s.Run(ctx, out); errs[i] != nil {
				stop()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// tailParse is a tail's <parse>: with lines that are joined first.
type tailParse struct {
	parser.Config `conf:",inline"`
	FirstLine     string `conf:"format_firstline"`
}

func defaultTailSource() tailSource {
	d := tail.DefaultConfig()
	return tailSource{Delimiter: ",", Refresh: d.Refresh, RotateWait: d.RotateWait, MaxLine: d.MaxLine, Group: defaultTailGroup(), Parse: tailParse{Config: parser.DefaultConfig()}}
}

const (
	ownPositions = "positions are kept in data_dir, and follow a file through its renames"
	ownWatch     = "files are watched and looked at by themselves"
	ownPace      = "a busy file never holds up the others"
)

var tailSourceParams = params{
	unneeded: map[string]string{
		"pos_file_compaction_interval": ownPositions, "follow_inodes": ownPositions,
		"enable_watch_timer": ownWatch, "enable_stat_watcher": ownWatch, "watcher_backend": ownWatch, "open_on_every_update": ownWatch,
		"skip_refresh_on_startup": ownWatch, "path_timezone": "times in paths are not used", "glob_policy": "*, ? and [a-z] are understood",
		"read_lines_limit": ownPace, "throttling_period": ownPace,
		"emit_event":                       ownPace,
		"ignore_repeated_permission_error": "a message that repeats is held back always",
	},
}

// newTailSource makes the source of files of Fluentd's parameters.
func newTailSource(c *Context, p tailSource) (input, error) {
	cfg, err := p.config()
	if err != nil {
		return input{}, err
	}
	if p.Delimiter == "" || p.Delimiter == "*" {
		return input{}, fieldError{"path_delimiter", fmt.Sprintf("%q cannot stand between paths", p.Delimiter), "write for example |"}
	}
	steps, err := p.steps()
	if err != nil {
		return input{}, err
	}
	for _, path := range p.ExcludePath {
		cfg.Exclude = append(cfg.Exclude, deep(path)...)
	}
	var paths []string
	for _, path := range strings.Split(p.Path, p.Delimiter) {
		paths = append(paths, deep(path)...)
	}
	in, err := tailEach(c, cfg, paths)
	in.Steps = append(in.Steps, steps...)
	return in, err
}

// steps are what becomes of a line. What the source puts on a record comes behind
// the parser, which may leave nothing else of it.
func (p *tailSource) steps() (steps []forwarder.Step, err error) {
	steps = append(steps, forwarder.Step{Filter: lineEnd{docker: p.Parse.Type == "json" || p.Parse.Type == "multi"}})
	f, err := newLineParser(p.Parse.Config, p.Unmatched)
	if f != nil {
		steps = append(steps, forwarder.Step{Filter: f})
	}
	if p.PathKey != "" {
		steps = append(steps, forwarder.Step{Filter: pathKey(p.PathKey)})
	}
	if p.OffsetKey != "" {
		steps = append(steps, forwarder.Step{Filter: offsetKey(p.OffsetKey)})
	}
	return steps, err
}

// leastLimit is Fluentd's least read_bytes_limit_per_second: what it reads at once.
const leastLimit = 8192

// config is what the parameters are to tail, without a path.
func (p *tailSource) config() (cfg tail.Config, err error) {
	cfg = tail.DefaultConfig()
	cfg.Tag, cfg.PosFile = p.Tag, p.PosFile
	cfg.Refresh, cfg.RotateWait, cfg.MaxLine, cfg.Multiline = p.Refresh, p.RotateWait, p.MaxLine, "off"
	cfg.Recent = p.Recent
	if p.BytesLimit > 0 {
		cfg.BytesPerSecond = max(p.BytesLimit, leastLimit)
		cfg.ReadSize = int(min(int64(cfg.ReadSize), cfg.BytesPerSecond))
	}
	if cfg.Quota, err = p.Group.quota(); err != nil {
		return cfg, err
	}
	if cfg.Quota != nil {
		cfg.ReadSize = min(cfg.ReadSize, leastLimit) // what a quota is kept to
	}
	if p.FlushAfter > 0 {
		cfg.MultilineFlush = p.FlushAfter
	}
	if !p.FromHead {
		cfg.ReadFrom = "end"
	}
	if cfg.Encoding, err = p.encoding(); err == nil && p.Parse.Type == "multiline" {
		err = p.Parse.oneExpression(&cfg)
	}
	return cfg, err
}

// encoding is what the files are written in. Without from_encoding, Fluentd marks
// the texts as being in encoding, and its outputs make UTF-8 of them.
func (p *tailSource) encoding() (encoding.Encoding, error) {
	from, field := p.From, "from_encoding"
	switch {
	case from == "":
		from, field = p.Encoding, "encoding"
	case p.Encoding == "":
		return nil, fieldError{"from_encoding", "from_encoding needs encoding", "add encoding UTF-8"}
	default:
		if to, err := tail.EncodingOf(p.Encoding); to != nil || err != nil {
			return nil, fieldError{"encoding", fmt.Sprintf("records cannot be converted to %q", p.Encoding), "write encoding UTF-8"}
		}
	}
	e, err := tail.EncodingOf(from)
	if err != nil {
		return nil, fieldError{field, err.Error(), "write a name of IANA's list, as Shift_JIS or ISO-8859-1; else convert the file"}
	}
	return e, nil
}

// oneExpression makes the parts of @type multiline an expression for the whole
// record, and tail join its lines.
func (p *tailParse) oneExpression(cfg *tail.Config) error {
	if p.Expression == "" {
		return fieldError{"parse", "multiline has no format1", "add format1 /PATTERN/"}
	}
	cfg.Multiline = p.FirstLine
	if p.FirstLine == "" {
		return fieldError{"parse", "multiline without format_firstline is not supported", "add format_firstline /PATTERN OF A FIRST LINE/"}
	}
	p.Type, p.Config.Multiline = "regexp", true
	return nil
}

// newLineParser makes the filter that does what <parse> says beyond what tail
// does by itself: it knows the lines of container runtimes, whatever their
// format is called. nil: nothing.
func newLineParser(cfg parser.Config, unmatched bool) (forwarder.Filter, error) {
	if cfg.Type == "" {
		return nil, fieldError{"parse", "there is no <parse>", "add <parse> with @type json, cri, none or the like"}
	}
	f := &lineParser{message: "message", unmatched: unmatched}
	switch {
	case cfg.Type == "cri" && len(cfg.Parse) == 0 && cfg.KeepTimeKey:
		return lineTime(cmp.Or(cfg.TimeKey, "time")), nil
	case cfg.Type == "none" && (cfg.MessageKey == "" || cfg.MessageKey == "message"), cfg.Type == "cri" && len(cfg.Parse) == 0:
		return nil, nil
	case cfg.Type == "regexp" && strings.Contains(cfg.Expression, "<logtag>") || cfg.Type == "regexp" && strings.Contains(cfg.Expression, "(?<stream>stdout|stderr)"):
		f.message = criName(cfg.Expression)
	case cfg.Type == "multi":
		for _, p := range cfg.Pattern {
			if strings.Contains(p.Expression, "(?<stream>stdout|stderr)") {
				f.message = criName(p.Expression)
			}
		}
	}
	own := filter.DefaultParserConfig()
	own.KeyName, own.Parse = "message", cfg
	if cfg.Type == "cri" { // the runtime's part is read already: what is left is the message's
		own.Parse, own.ReserveData, own.RemoveKeyNameField = cfg.Parse[0], cfg.MergeCRIFields, true
		f.container = true
	}
	var err error
	f.parser, err = filter.NewParser(own)
	var at interface{ Field() string }
	if errors.As(err, &at) && cfg.Type != "cri" {
		return nil, err // the field is parse.NAME, as here
	}
	return f, err
}

// criName is what an expression for lines of the CRI calls the line's text.
func criName(expression string) string {
	for _, name := range []string{"log", "message", "msg"} {
		if strings.Contains(expression, "(?<"+name+">") {
			return name
		}
	}
	return "message"
}
