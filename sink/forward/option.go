package forward

import (
	"encoding/base64"
	"strings"
	"sync/atomic"

	"sluice/event"
	"sluice/wire/metadata"
)

// mark stands between the tag and the metadata in a block's key. No tag that a
// server takes has a NUL in it.
const mark = "\x00metadata="

// told is a fragment's metadata for the frames' option. It is part of the key of
// the fragment's blocks, in base64: the blocks of a chunk are of one key, so a
// frame's records share what its option says; and a block that comes from the
// disk, or from a dead letter, after a restart still has it.
type told struct {
	suffix string
	last   atomic.Pointer[taggedKey] // made once: a batch of the same tag costs nothing
}

type taggedKey struct{ tag, key string }

// tell returns nil where the metadata is more than a server takes: it stands in
// the records then.
func tell(f *event.Fragment) *told {
	tree, ok := metadata.Append(nil, f)
	if !ok {
		return nil
	}
	return &told{suffix: mark + base64.RawStdEncoding.EncodeToString(tree)}
}

// key is the key of the fragment's blocks under a tag.
func (r *fragment) key(tag string) string {
	if r.told == nil {
		return tag
	}
	k := r.told.last.Load()
	if k == nil || k.tag != tag {
		k = &taggedKey{tag, tag + r.told.suffix}
		r.told.last.Store(k)
	}
	return k.key
}

// splitKey takes a key apart and appends the metadata to dst. A buffer on the
// disk may have keys with and without, whatever the setting is now.
func splitKey(dst []byte, key string) (tag string, tree []byte) {
	tag, text, ok := strings.Cut(key, mark)
	if !ok {
		return key, dst
	}
	tree, err := base64.RawStdEncoding.AppendDecode(dst, []byte(text))
	if err != nil {
		return key, dst
	}
	return tag, tree
}

// appendPlace appends the record's time and, for a Sluice, its offset and flags.
func (s *Sink) appendPlace(dst []byte, t event.Time, r *event.Record, lines bool) []byte {
	m := metadata.Record{Offset: -1, Flags: r.Flags}
	if lines {
		m.Offset = r.Pos
	}
	if !m.Told(t) {
		return s.appendTime(dst, t)
	}
	return m.Append(s.appendTime(append(dst, 0x92), t))
}
