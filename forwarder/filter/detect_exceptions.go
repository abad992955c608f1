package filter

import (
	"context"
	"time"

	"sluice/event"
	"sluice/parser/multiline"
)

// DetectExceptionsConfig is fluent-plugin-detect-exceptions: the lines of a
// stack trace become one record.
type DetectExceptionsConfig struct {
	Message       string        `conf:"message"`                  // the field with the line; empty: message, else log
	Languages     []string      `conf:"languages"`                // empty: all of them
	Stream        string        `conf:"stream"`                   // lines of several streams under one tag are told apart by this field
	FlushInterval time.Duration `conf:"multiline_flush_interval"` // 0: what is open waits for the next line
	MaxLines      int           `conf:"max_lines"`
	MaxBytes      int64         `conf:"max_bytes,size"` // 0: 4 MiB
}

// DefaultDetectExceptionsConfig is the plug-in's, but that what is open does
// not wait for ever.
func DefaultDetectExceptionsConfig() DetectExceptionsConfig {
	return DetectExceptionsConfig{MaxLines: 1000, FlushInterval: 5 * time.Second}
}

// DetectExceptions is a stage: a line that may begin a trace is held until the
// next one shows whether it did.
type DetectExceptions struct {
	rules  *multiline.Rules
	joins  []*joiner // by field: message, log
	stream accessor
}

// NewDetectExceptions checks the settings. Its error is a setting.Error.
func NewDetectExceptions(cfg DetectExceptionsConfig) (*DetectExceptions, error) {
	if len(cfg.Languages) == 0 {
		cfg.Languages = []string{"all"}
	}
	rules, err := multiline.New(cfg.Languages...)
	switch {
	case err != nil:
		return nil, refuse("languages", "%w", err)
	case cfg.MaxLines < 0 || cfg.MaxBytes < 0 || cfg.FlushInterval < 0:
		return nil, refuse("max_lines", "a limit is negative")
	}
	d := &DetectExceptions{rules: rules}
	if cfg.Stream != "" {
		if d.stream, err = parseAccessor(cfg.Stream); err != nil {
			return nil, refuse("stream", "%w", err)
		}
	}
	names := []string{"message", "log"}
	if cfg.Message != "" {
		names = []string{cfg.Message}
	}
	for _, name := range names {
		field, err := ownField("message", name)
		if err != nil {
			return nil, err
		}
		j := newJoiner(field)
		j.separator, j.breaks, j.wait, j.firstTime = "\n", true, cfg.FlushInterval, true
		if cfg.MaxLines > 0 {
			j.maxLines = min(cfg.MaxLines, joinLines)
		}
		if cfg.MaxBytes > 0 {
			j.maxBytes = int(min(cfg.MaxBytes, joinBytes))
		}
		d.joins = append(d.joins, j)
	}
	return d, nil
}

// KeepWith says who keeps what is open while a client waits. It is called
// before the first Process.
func (d *DetectExceptions) KeepWith(k Keeper) {
	for _, j := range d.joins {
		j.keeper = k
	}
}

// Process implements forwarder.Stage. Which field the lines are in is asked
// once for the batch.
func (d *DetectExceptions) Process(ctx context.Context, b *event.Batch, emit, late event.Emit) error {
	which := d.joins[0]
	for _, j := range d.joins[1:] {
		if !hasField(b, which.field.top) {
			which = j
		}
	}
	return which.process(ctx, b, emit, late, d.begin)
}

func hasField(b *event.Batch, name string) bool {
	key := b.KeyString(name)
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			if _, ok := b.Get(i, key); ok {
				return true
			}
		}
	}
	return false
}

// Flush implements forwarder.Stage.
func (d *DetectExceptions) Flush(ctx context.Context, now time.Time, all bool) error {
	for _, j := range d.joins {
		if err := j.flush(ctx, now, all); err != nil {
			return err
		}
	}
	return nil
}

func (d *DetectExceptions) begin(p *pass) judge {
	var stream reader
	if d.stream.top != "" {
		stream = d.stream.on(p.b)
	}
	return func(p *pass, i int) (key, text []byte, s step) {
		v, ok := p.text.get(p.b, i)
		if ok {
			v, ok = textOf(p.b, v)
		}
		p.scratch = append(append(p.scratch[:0], p.b.Tag...), 0)
		if stream.accessor != nil {
			if v, ok := stream.get(p.b, i); ok {
				p.scratch = appendText(p.scratch, p.b.Bytes(v), v.Kind)
			}
		}
		if !ok {
			return p.scratch, nil, stepAlone
		}
		text = p.b.Bytes(v)
		return p.scratch, text, d.judge(p, p.scratch, text)
	}
}

// judge asks the rules; what they remember of a stream is kept with what is
// open of it.
func (d *DetectExceptions) judge(p *pass, key, text []byte) step {
	p.state = multiline.State{}
	el := p.open[string(key)]
	if el != nil {
		p.state = el.Value.(*held).state
	}
	line := text
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	switch d.rules.Next(&p.state, line) {
	case multiline.Begin:
		return stepNew
	case multiline.More:
		if el != nil && !p.state.Open() {
			return stepEnd
		}
		return stepHold
	}
	return stepAlone
}
