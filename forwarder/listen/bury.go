package listen

import (
	"errors"
	"fmt"
	"log/slog"

	"sluice/wire"
)

// DeadLetters keeps bytes that cannot be taken apart. PutRaw returns nil when
// they are fsynced.
type DeadLetters interface {
	PutRaw(input, peer, tag, kind, reason string, raw []byte) error
}

// bury keeps bytes that cannot be used as they came, so that their client need
// not send them for ever, and reports whether they are safe.
func (c *conn) bury(why reason, text string, raw []byte) bool {
	dead := c.l.cfg.Dead
	if dead == nil {
		return false
	}
	peer := slog.String("peer", c.peer)
	if err := dead.PutRaw(source, c.peer, c.tag, why.String(), text, raw); err != nil {
		c.l.badLog.Warn("bytes that cannot be used are not acknowledged: they could not be kept", peer, slog.Any("error", err))
		return false
	}
	c.l.badLog.Warn("bytes that cannot be used are kept as a dead letter", peer, slog.String("reason", text))
	return true
}

// buryChunk keeps a chunk that could not be unpacked.
func (c *conn) buryChunk(err error, raw []byte) bool {
	why := badCompression // counted by unpack
	switch {
	case errors.Is(err, errStopped):
		return false
	case errors.As(err, new(wire.TooLargeError)):
		why = tooLarge
	}
	if !c.bury(why, err.Error(), raw) {
		return false
	}
	if why == tooLarge { // else counted where the connection ends
		c.count(why)
	}
	return true
}

// reject counts an entry, or a Message, and keeps its bytes until buryRejected.
func (c *conn) reject(why reason, raw []byte) {
	if c.l.cfg.Dead != nil {
		if len(c.rejected) == 0 {
			c.rejectedWhy, c.rejections = why, 0
		}
		c.rejections++
		c.rejected = append(c.rejected, raw...)
	}
	c.count(why)
}

// buryRejected makes one dead letter of a batch's bad entries, one behind the
// other. An error: a client waits for an ack that it may not have now.
func (c *conn) buryRejected(acked bool) error {
	if len(c.rejected) == 0 {
		return nil
	}
	raw := c.rejected
	c.rejected = c.rejected[:0]
	text := fmt.Sprintf("%d entries are not valid, the first one: %s", c.rejections, c.rejectedWhy)
	if !c.bury(c.rejectedWhy, text, raw) && acked {
		return fmt.Errorf("cannot keep bad entries as a dead letter (their frame is not acknowledged): %s", text)
	}
	return nil
}

// refuse drops the newest frame whole; its ack is due all the same, for sending it
// again would not mend it. What it holds is kept, unless it is no log at all.
func (c *conn) refuse(why reason) error {
	f, p := &c.frame, &c.parts
	if why != notLogs && c.l.cfg.Dead != nil {
		c.tag = "" // not one to be written anywhere
		if text := "a frame is not valid: " + why.String(); !c.bury(why, text, f.Raw) && p.Option.Chunk != nil {
			return fmt.Errorf("cannot keep a bad frame as a dead letter (it is not acknowledged): %s", why)
		}
	}
	c.count(why)
	c.build.reset()
	c.owe(p.Option.Chunk)
	if err := c.emit(nil, nil); err != nil {
		return err
	}
	return c.answer()
}
