package listen

import (
	"errors"
	"fmt"
	"time"
)

// DeadLetters keeps bytes that cannot be taken apart. PutRaw returns nil when
// they are fsynced.
type DeadLetters interface {
	PutRaw(input, peer, tag, kind, reason string, raw []byte) error
}

// Config is the section inputs.forward.
type Config struct {
	// Listen are the TCP addresses, host:port.
	Listen []string `conf:"listen"`
	// MaxChunk bounds a frame, and separately what comes out of a compressed one.
	MaxChunk int64 `conf:"max_chunk,size"`
	// MaxConnections bounds the connections open at once; further ones are
	// closed at once. 0: no bound.
	MaxConnections int `conf:"max_connections"`
	// FrameTimeout is how long a frame may take from its first byte to its last.
	FrameTimeout time.Duration `conf:"frame_timeout"`
	// AckTimeout is how long a client may leave its acks unread.
	AckTimeout time.Duration `conf:"ack_timeout"`

	// Dead keeps chunks that cannot be unpacked; nil: their connection is closed
	// without an acknowledgement.
	Dead DeadLetters
	// DrainTimeout is how long acks are still given out after the stop. Set by
	// the program, from shutdown_grace.
	DrainTimeout time.Duration
	// EOFTimeout is how long acks are waited for when the client has sent its
	// last byte. Clients give up after some 190 s.
	EOFTimeout time.Duration
}

// DefaultConfig is what holds where nothing is said.
func DefaultConfig() Config {
	return Config{
		Listen:         []string{":24224"},
		MaxChunk:       16 << 20,
		MaxConnections: 4096,
		FrameTimeout:   60 * time.Second,
		AckTimeout:     30 * time.Second,
		DrainTimeout:   25 * time.Second,
		EOFTimeout:     5 * time.Minute,
	}
}

func (c *Config) validate() error {
	switch {
	case len(c.Listen) == 0:
		return errors.New("inputs.forward.listen is empty: give at least one address, such as :24224")
	case c.MaxChunk < 1<<10 || c.MaxChunk > 1<<30:
		return fmt.Errorf("inputs.forward.max_chunk is %d bytes: give between 1KiB and 1GiB", c.MaxChunk)
	case c.MaxConnections < 0:
		return fmt.Errorf("inputs.forward.max_connections is %d: give 0 for no bound, or more", c.MaxConnections)
	case c.FrameTimeout <= 0, c.AckTimeout <= 0, c.DrainTimeout < 0, c.EOFTimeout <= 0:
		return errors.New("inputs.forward: frame_timeout and ack_timeout must be above 0s")
	}
	return nil
}
