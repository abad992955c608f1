package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"sluice/event"
)

// format and version are in the first line of every file (docs/format.md).
const (
	format  = "sluice-dead-letters"
	version = 1
)

// header is the first line of a segment.
const header = `{"format":"` + format + `","version":1}` + "\n"

// Letter is one line of a segment: an item that a sink refused, or bytes that
// an input could not take apart.
type Letter struct {
	Time      time.Time `json:"time"`           // when it was refused
	Lane      string    `json:"lane,omitempty"` // of a refused item
	Input     string    `json:"input,omitempty"`
	Peer      string    `json:"peer,omitempty"`
	Key       string    `json:"key,omitempty"` // target index or data stream
	Tag       string    `json:"tag,omitempty"`
	ID        string    `json:"id,omitempty"`
	Position  uint64    `json:"position"` // the id's: end offset in the file, or index in the chunk
	Status    int       `json:"status,omitempty"`
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`         // the sink's words
	Item      string    `json:"item,omitempty"` // as it was sent, when it is UTF-8
	ItemBytes []byte    `json:"item_base64,omitempty"`
}

// Bytes is the item as it was sent, or what the input got.
func (l *Letter) Bytes() []byte {
	if l.ItemBytes != nil {
		return l.ItemBytes
	}
	return []byte(l.Item)
}

// refused makes the letter of an item of the chunk.
func refused(lane string, c *event.Chunk, r *event.Rejection) Letter {
	b, i := c.At(r.Item)
	l := Letter{
		Lane: lane, Key: c.Key, Tag: b.Tag,
		ID: b.IDs[i].String(), Position: b.IDs[i].Position(),
		Status: r.Status, Type: r.Type, Reason: r.Reason,
	}
	if item := b.Item(i); utf8.Valid(item) {
		l.Item = string(item)
	} else {
		l.ItemBytes = item
	}
	return l
}

// checkHeader judges a file's first line; kind is format, or that of another
// file beside it.
func checkHeader(line []byte, kind string) error {
	var h struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(bytes.TrimSpace(line), &h) != nil || h.Format != kind {
		return errors.New("its first line is not a dead-letter header; move it away")
	}
	if h.Version > version {
		return fmt.Errorf("its format is version %d and this program knows up to %d: run the newer program, or move the file away", h.Version, version)
	}
	return nil
}
