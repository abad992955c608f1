package catalog

import (
	"maps"
	"path/filepath"
	"strings"
	"time"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/sink/file"
)

// retryTimeout is Fluentd's own retry_timeout, and secondaryThreshold the part
// of it after which a <secondary> gets the records.
const (
	retryTimeout       = 72 * time.Hour
	secondaryThreshold = 0.8
)

// secondary makes what gets the records that an output gives up: the output in
// e's <secondary>, with a lane of its own. kind is e's type, sink its sink.
func (b *builder) secondary(e *conf.Element, c *Context, kind string, sink forwarder.Sink) (*forwarder.Second, conf.Problems) {
	s := e.Child("secondary", 0)
	if s == nil {
		return nil, nil
	}
	decoder, ok := sink.(forwarder.Decoder)
	if !ok {
		return nil, conf.Problems{{Pos: s.Pos, Severity: conf.Warning, What: "<secondary> of " + kind + " is not needed: it is tried for as long as it takes", Fix: "remove it"}}
	}
	if _, p := s.Type(); p == nil { // as in Fluentd: another of the same type
		same := *s
		same.Params = append([]conf.Param{{Name: "@type", Value: kind, Pos: s.Pos}}, s.Params...)
		s = &same
	}
	if own := s.Child("buffer", 0); own != nil {
		return nil, conf.Problems{{Pos: own.Pos, What: "<secondary> cannot have a <buffer>", Fix: "remove it"}}
	}
	construct, kind, problems := find(s, secondaries())
	if construct == nil {
		return nil, problems
	}
	name := b.name(s, kind, "secondary of "+c.Name+targetOf(s))
	of := b.context(name, "sink", c.label)
	out, found, err := construct(of, s)
	problems = append(append(problems, found...), explain(s, err)...)
	b.parts.note("output", kind, name)
	switch {
	case problems.Bad():
		return nil, problems
	case len(out.Before) > 0 && out.Sink != nil:
		return nil, append(problems, conf.Problem{Pos: s.Param("flatten_hashes").Pos, What: "flatten_hashes in a <secondary> is not supported", Fix: "remove it"})
	case len(out.To) == 1 && out.To[0].Null:
		return &forwarder.Second{}, problems
	case out.Sink == nil:
		_, p := s.Type()
		return nil, append(problems, conf.Problem{Pos: p.Pos, What: kind + " cannot be a secondary", Fix: "write secondary_file, file, forward, elasticsearch or null"})
	}
	lane, err := b.lane(of, kind, out, b.s.Buffer, b.d.Lane)
	if err != nil {
		return nil, append(problems, explain(s, err)...)
	}
	b.parts.places = append(b.parts.places, s.Pos)
	return &forwarder.Second{Lane: lane, Decoder: decoder}, problems
}

// secondaries are the outputs that may stand in a <secondary>.
func secondaries() map[string]row[output] {
	rows := maps.Clone(outputs())
	rows["secondary_file"] = outputOf(defaultSecondaryFile, newSecondaryFile, params{})
	return rows
}

// secondaryFile is Fluentd's secondary_file.
type secondaryFile struct {
	Directory string `conf:"directory,required"`
	Basename  string `conf:"basename"`
	Append    bool   `conf:"append"`
	Compress  string `conf:"compress,oneof=text|gzip"`
}

func defaultSecondaryFile() secondaryFile {
	return secondaryFile{Basename: "dump.bin", Compress: "text"}
}

// newSecondaryFile writes lines as the output file does: time, tag and record.
// In Fluentd there are the bytes of its buffer.
func newSecondaryFile(c *Context, p secondaryFile) (output, error) {
	cfg := file.DefaultConfig()
	cfg.Timekey, cfg.AddPathSuffix = 0, false
	name := strings.Trim(strings.ReplaceAll(p.Basename, "${chunk_id}", ""), "._-") // files have numbers
	if name == "" {
		name = "dump"
	}
	cfg.Path, cfg.Append, cfg.Compress = filepath.Join(p.Directory, name), p.Append, p.Compress
	sink, err := file.New(cfg, c.Log)
	if err != nil {
		return output{}, fieldError{"basename", err.Error(), "write a name with ${tag}, ${tag[0]} or %Y%m%d"}
	}
	return output{Sink: sink, Target: cfg.Path}, nil
}

// limit is when the lane of this buffer gives up, and what to say of it. e is
// the section as it is written.
func (s *bufferSection) limit(e *conf.Element, second *forwarder.Second) (l forwarder.RetryLimit, problems conf.Problems) {
	written := e.Param("retry_max_times")
	for _, name := range []string{"retry_timeout", "retry_forever"} {
		if p := e.Param(name); written == nil && p != nil && !p.Null {
			written = p
		}
	}
	switch {
	case s.RetryForever && second != nil:
		p := e.Param("retry_forever")
		return l, conf.Problems{{Pos: p.Pos, Severity: conf.Warning, What: "with retry_forever true the <secondary> gets nothing: nothing is given up", Fix: "write retry_timeout or retry_max_times, or remove the <secondary>"}}
	case s.RetryForever, second == nil && written == nil:
		return l, nil
	}
	l = forwarder.RetryLimit{Time: s.RetryTimeout, Retries: s.RetryMaxTimes}
	if l.Time <= 0 {
		l.Time = retryTimeout
	}
	if second != nil {
		share := s.SecondaryThreshold
		if p := e.Param("retry_secondary_threshold"); p == nil || p.Null {
			share = secondaryThreshold
		} else if share <= 0 || share > 1 {
			problems = append(problems, conf.Problem{Pos: p.Pos, What: "retry_secondary_threshold is not above 0 and up to 1", Fix: "write 0.8"})
		}
		l.Time = max(time.Duration(share*float64(l.Time)), time.Millisecond)
		return l, problems
	}
	return l, conf.Problems{{
		Pos: written.Pos, Severity: conf.Warning, What: written.Name + " of <buffer>: what is given up becomes a dead letter (Fluentd throws it away)",
		Fix: "write retry_forever true to try for as long as it takes, or add a <secondary>",
	}}
}
