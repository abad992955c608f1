package tail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// keyPrefix is in front of our entries' names; startedKey is the one that says
// that this agent has run before.
const (
	keyPrefix  = "tail/"
	startedKey = "tail"
)

// Store is the part of the checkpoint that tail uses: in memory, saved by its
// owner. A value must not be changed after Set.
type Store interface {
	Get(key string) ([]byte, bool)
	Set(key string, val []byte)
	Delete(key string)
	Range(func(key string, val []byte) bool)
}

// entry is what the checkpoint keeps of a file.
type entry struct {
	Path   string    `json:"path"`
	Dev    uint64    `json:"dev"`
	Ino    uint64    `json:"ino"`
	Birth  int64     `json:"birth,omitempty"` // of the file, Unix nanoseconds; 0: unknown
	Off    int64     `json:"off,omitempty"`   // everything before it is answered for
	Size   int64     `json:"size,omitempty"`  // of the text when last seen
	Live   bool      `json:"live"`            // it was written to when last seen
	Head   int       `json:"head"`            // length of the fingerprinted head
	Sum    [2]uint64 `json:"sum"`             // its hash
	Format format    `json:"format"`          //
	Born   int64     `json:"born"`            // Unix milliseconds
	Key    [2]uint64 `json:"key"`             // the source key
	First  [2]int64  `json:"first"`           // end of the first line that was completed, of stdout and stderr; 0: none yet
}

func (e *entry) head() head { return head{e.Head, xxh3.Uint128{Hi: e.Sum[0], Lo: e.Sum[1]}} }

func (e *entry) key() event.SourceKey { return event.SourceKey{Hi: e.Key[0], Lo: e.Key[1]} }

// is reports whether the file was last seen to be the one of this id.
func (e *entry) is(id fileID) bool {
	return e.Dev == id.dev && e.Ino == id.ino && (e.Birth == id.birth || e.Birth == 0)
}

// identity is a file that is known: its origin, its stream in the ledger and
// its entry in the checkpoint.
type identity struct {
	origin
	stream *ledger.Stream
	store  Store
	name   string               // of the entry
	begins atomic.Pointer[head] // what the file begins with: the origin's head, of raw files soon more

	size atomic.Int64 // of the text, as last seen

	first [2]int64 // as in the entry; the reader's alone

	mu      sync.Mutex
	entry   entry
	rest    []byte // of the written entry, in the store's value: behind offset and size; nil: not as it stands
	awaited []awaited
	written bool // the entry is in the store
	gone    bool // the entry shall not be written again
}

// newIdentity opens the file's stream at off.
func newIdentity(l *ledger.Ledger, s Store, o origin, id fileID, path string, off int64) *identity {
	i := &identity{origin: o, store: s, name: checkpointKey(o.key)}
	i.entry = entry{
		Path: path, Dev: id.dev, Ino: id.ino, Birth: id.birth, Off: off, Head: o.head.n, Sum: [2]uint64{o.head.sum.Hi, o.head.sum.Lo},
		Format: o.format, Born: o.born, Key: [2]uint64{o.key.Hi, o.key.Lo},
	}
	i.begins.Store(&o.head)
	i.stream = l.Stream(sourceName, off, i.moved).Name(func() string { return i.last().Path })
	return i
}

// moved is the ledger's call: everything before pos is answered for. Tickets of
// older files that waited for it are settled with this stream locked, and move
// together with it; as they are of older files only, no circle of locks can close.
func (i *identity) moved(pos int64) {
	i.mu.Lock()
	i.entry.Off = pos
	i.write()
	var due []*ledger.Ticket
	i.awaited = slices.DeleteFunc(i.awaited, func(a awaited) bool {
		if a.pos <= pos {
			due = append(due, a.ticket)
		}
		return a.pos <= pos
	})
	i.mu.Unlock()
	for _, t := range slices.Backward(due) {
		t.SettledWith(event.Drops{})
	}
}

// awaited is an older file's ticket.
type awaited struct {
	pos    int64
	ticket *ledger.Ticket
}

// await settles the ticket when the position, which is before pos, has come so
// far.
func (i *identity) await(pos int64, t *ledger.Ticket) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.awaited = append(i.awaited, awaited{pos, t})
}

// found notes under which name and inode the file is now.
func (i *identity) found(path string, id fileID, live bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.entry.Path == path && i.entry.is(id) && i.entry.Birth == id.birth && i.entry.Live == live {
		return
	}
	i.entry.Path, i.entry.Live, i.rest = path, live, nil
	i.entry.Dev, i.entry.Ino, i.entry.Birth = id.dev, id.ino, id.birth
	if i.written {
		i.write()
	}
}

// matches reports whether the file still begins as it did.
func (i *identity) matches(fd int, scratch []byte) (bool, error) {
	return i.begins.Load().matches(fd, scratch)
}

// grow takes more of a raw file's beginning, up to end, for its fingerprint:
// every generation of such a file may have the same first line.
func (i *identity) grow(fd int, scratch []byte, end int64) error {
	n := int(min(end, headMax))
	if i.format != raw || n <= i.begins.Load().n {
		return nil
	}
	if m, err := pread(fd, scratch[:n], 0); err != nil || m < n {
		return err
	}
	i.fingerprint(headOf(scratch[:n]))
	i.keep()
	return nil
}

func (i *identity) fingerprint(h head) {
	i.begins.Store(&h)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.entry.Head, i.entry.Sum, i.rest = h.n, [2]uint64{h.sum.Hi, h.sum.Lo}, nil
}

// complete notes the first complete line of a stream.
func (i *identity) complete(k int, end int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.first[k], i.entry.First[k], i.rest = end, end, nil
}

// resume takes over what the checkpoint knew. What was behind the position
// will be read again.
func (i *identity) resume(e *entry) {
	i.fingerprint(e.head())
	for k, end := range e.First {
		if end <= e.Off && end > 0 {
			i.complete(k, end)
		}
	}
}

// keep writes the entry although nothing has moved yet.
func (i *identity) keep() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.write()
}

// write puts the entry into the store. Offset and size change with each receipt;
// the rest of it is kept as it is written.
func (i *identity) write() {
	if i.gone {
		return
	}
	i.entry.Size = max(i.size.Load(), i.entry.Off)
	if i.rest == nil {
		e := i.entry
		e.Off, e.Size = 0, 0
		rest, err := json.Marshal(&e)
		if err != nil {
			panic(fmt.Sprintf("BUG: entry does not encode: %v", err))
		}
		i.rest = rest[1:]
	}
	front := strconv.AppendInt(append(make([]byte, 0, 64), `{"off":`...), i.entry.Off, 10)
	front = append(strconv.AppendInt(append(front, `,"size":`...), i.entry.Size, 10), ',')
	val := slices.Concat(front, i.rest)
	i.rest = val[len(front):]
	i.store.Set(i.name, val)
	i.written = true
}

// note writes the entry if there is more to read than it knows.
func (i *identity) note() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if size := i.size.Load(); size > i.entry.Off && size != i.entry.Size {
		i.write()
	}
}

// last is the entry as it stands.
func (i *identity) last() *entry {
	i.mu.Lock()
	defer i.mu.Unlock()
	e := i.entry
	return &e
}

// forget removes the entry: the file is gone and fully answered for.
func (i *identity) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.gone = true
	i.store.Delete(i.name)
}
