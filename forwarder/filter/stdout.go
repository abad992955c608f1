package filter

import (
	"io"
	"sync"

	"sluice/event"
	"sluice/wire"
	"sluice/wire/quote"
)

// StdoutConfig is Fluentd's filter stdout: records are shown as they pass.
type StdoutConfig struct {
	Format StdoutFormat `conf:"format"`

	// Out is where they are written.
	Out io.Writer
}

// StdoutFormat says how a line looks: time, tag and JSON, or only JSON.
type StdoutFormat struct {
	Type string `conf:"type,oneof=stdout|json"`
}

// DefaultStdoutConfig is Fluentd's.
func DefaultStdoutConfig() StdoutConfig { return StdoutConfig{Format: StdoutFormat{Type: "stdout"}} }

// Stdout writes each batch's live records in one go. What cannot be written is
// not: it is for people who look.
type Stdout struct {
	cfg  StdoutConfig
	mu   sync.Mutex
	line []byte
}

// NewStdout needs somewhere to write.
func NewStdout(cfg StdoutConfig) (*Stdout, error) {
	if cfg.Out == nil {
		return nil, refuse("format", "nowhere to write to")
	}
	return &Stdout{cfg: cfg}, nil
}

// Apply writes every live record.
func (s *Stdout) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = s.line[:0]
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		if s.cfg.Format.Type == "stdout" {
			s.line = b.Recs[i].Time.Std().Local().AppendFormat(s.line, "2006-01-02 15:04:05.000000000 -0700 ")
			s.line = append(append(s.line, b.Tag...), ": "...)
		}
		s.line = append(appendRecord(s.line, b, i), '\n')
	}
	s.cfg.Out.Write(s.line)
}

// appendRecord appends record i as a JSON object.
func appendRecord(dst []byte, b *event.Batch, i int) []byte {
	dst = append(dst, '{')
	for j, f := range b.FieldsOf(i) {
		if j > 0 {
			dst = append(dst, ',')
		}
		dst = append(quote.Append(dst, []byte(b.Keys[f.Key])), ':')
		dst = appendValue(dst, b.Bytes(f.Val), f.Val.Kind)
	}
	return append(dst, '}')
}

// appendValue appends a value as JSON.
func appendValue(dst, p []byte, k event.Kind) []byte {
	switch k {
	case event.Text:
		return quote.Append(dst, p)
	case event.Msgp:
		dst, _ = wire.ToJSON(dst, p)
		return dst
	}
	return append(dst, p...)
}
