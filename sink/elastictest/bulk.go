package elastictest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

// bulk is the work on one bulk request; what it grows is used again.
type bulk struct {
	s       *Server
	body    reader
	scan    scanner
	acts    scanner
	params  params
	items   []item
	docs    []Doc
	created []bool
	autos   []byte // ids that were made here
	out     []byte
	warn    int
	ingest  bool // a pipeline was asked for
	targets map[string]*target
}

// item is one action with its document, and what became of it.
type item struct {
	action
	source []byte
	shard  *shard // nil: it never came to one
	stream bool
	failed bool // it went into the failure store
	err    *apiError
	clash  bool // 409
	seq    int64
}

const (
	notTerminated = `The bulk request must be terminated by a newline [\n]`
	maxID         = 512
	keepBody      = 16 << 20 // larger buffers are not kept for the next request
)

// bulk serves POST and PUT /_bulk and /{target}/_bulk.
func (s *Server) bulk(w http.ResponseWriter, r *http.Request, name string) {
	f, stop := s.meet(w, r, s.calls.Add(1)-1)
	if stop {
		return
	}
	b := s.pool.Get().(*bulk)
	defer b.free()
	body, ok := b.receive(w, r)
	if !ok {
		return
	}
	var err *apiError
	if b.params, err = s.bulkParams(r); err == nil {
		err = b.parse(body, []byte(name))
	}
	if err == nil {
		err = b.validate()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	b.carryOut(&f)
	b.answer()
	if b.warn > 0 {
		w.Header().Add("Warning", `299 Elasticsearch-`+version+`-`+buildHash+` "`+warnings[b.warn]+`"`)
	}
	s.reply(w, r, &f, b.out)
}

// receive reads and judges the body, or answers and returns false.
func (b *bulk) receive(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	s := b.s
	if r.ContentLength > s.maxBody {
		tooLarge(w, r, s.maxBody)
		return nil, false
	}
	text, err := b.body.read(r, s.maxBody)
	s.counts.wire.Add(int64(len(b.body.wire)))
	s.counts.text.Add(int64(len(text)))
	switch {
	case err == errTooLarge:
		tooLarge(w, r, s.maxBody)
		return nil, false
	case err != nil:
		hangUp(w, false)
		return nil, false
	}
	if len(b.body.wire) > 0 {
		if status, answer := s.mediaType(r, true); status != 0 {
			s.write(w, r, status, answer)
			return nil, false
		}
	}
	if len(text) == 0 {
		s.fail(w, r, &apiError{status: http.StatusBadRequest, typ: "parse_exception", reason: "request body is required"})
		return nil, false
	}
	return text, true
}

func (b *bulk) free() {
	clear(b.items)
	clear(b.docs)
	b.items, b.docs, b.created, b.autos, b.out = b.items[:0], b.docs[:0], b.created[:0], b.autos[:0], b.out[:0]
	clear(b.targets)
	b.warn, b.ingest = 0, false
	if cap(b.body.wire) <= keepBody && cap(b.body.text) <= keepBody && cap(b.out) <= keepBody {
		b.s.pool.Put(b)
	}
}

// parse takes the body apart. The real server does so before anything is done.
func (b *bulk) parse(body, name []byte) *apiError {
	for line := 1; len(body) > 0; line++ {
		text, rest, err := nextLine(body)
		if err != nil {
			return err
		}
		body = rest
		b.items = append(b.items, item{})
		it := &b.items[len(b.items)-1]
		it.needAlias, it.needStream = b.params.requireAlias, b.params.requireDataStream
		it.list, it.routing = b.params.listPipelines, b.params.routing != ""
		ok, err := b.acts.action(text, line, &it.action)
		if err != nil {
			return err
		}
		if !ok {
			b.items = b.items[:len(b.items)-1]
			continue
		}
		b.warn = max(b.warn, it.warn)
		if it.index == nil && len(name) > 0 {
			it.index = name
		}
		if it.pipeline == nil && b.params.pipeline != "" {
			it.pipeline = []byte(b.params.pipeline)
		}
		if it.op == opDelete {
			continue
		}
		if len(body) == 0 { // the last action has no source: dropped without a word
			b.items = b.items[:len(b.items)-1]
			break
		}
		if it.source, body, err = nextLine(body); err != nil {
			return err
		}
		it.source = bytes.TrimSuffix(it.source, []byte{'\r'})
		line++
	}
	return nil
}

func nextLine(body []byte) (line, rest []byte, err *apiError) {
	i := bytes.IndexByte(body, '\n')
	if i < 0 {
		return nil, nil, illegal(notTerminated)
	}
	return body[:i:i], body[i+1:], nil
}

// validate finds what refuses the whole request though it could be read.
func (b *bulk) validate() *apiError {
	var problems []byte
	n := int64(0)
	add := func(words string) {
		n++
		problems = appendInt(problems, n)
		problems = append(append(append(problems, ": "...), words...), ';')
	}
	if len(b.items) == 0 {
		add("no requests added")
	}
	for i := range b.items {
		it := &b.items[i]
		if it.index == nil {
			add("index is missing")
		}
		if it.op == opCreate && len(it.versionType) > 0 && string(it.versionType) != "internal" {
			add("create operations only support internal versioning. use index instead")
			continue
		}
		if it.op == opCreate && it.version {
			add("create operations do not support explicit versions. use index instead")
			continue
		}
		if len(it.id) > maxID {
			add("id [" + string(it.id) + "] is too long, must be no longer than 512 bytes but was: " + string(appendInt(nil, int64(len(it.id)))))
		}
		if it.noPipeline {
			add("pipeline cannot be an empty string")
		}
	}
	if n == 0 {
		return nil
	}
	return invalid(string(problems))
}

// carryOut judges each item, stores what is good and takes down the outcome.
func (b *bulk) carryOut(f *Fault) {
	now := time.Now()
	for i := range b.items {
		if f.Kind == Fewer && i >= f.Keep {
			b.items = b.items[:i]
			break
		}
		if it := &b.items[i]; f.item(i) != 0 {
			b.place(it) // for its answer
			it.err = itemFault(f.item(i), it)
		} else {
			b.judge(it, now)
		}
	}
	b.created = append(b.created[:0], make([]bool, len(b.docs))...)
	b.s.store.Create(b.docs, b.created)
	k := 0
	var stored, clashes, refused int64
	for i := range b.items {
		it := &b.items[i]
		if it.err != nil {
			refused++
			continue
		}
		if it.clash = !b.created[k]; it.clash {
			clashes++
		} else {
			it.seq = it.shard.seq.Add(1) - 1
			stored++
		}
		k++
	}
	c := &b.s.counts
	c.documents.Add(stored)
	c.conflicts.Add(clashes)
	c.refused.Add(refused)
}

// autoID makes an id of 20 characters.
func (b *bulk) autoID() []byte {
	var raw [9]byte
	binary.BigEndian.PutUint64(raw[1:], b.s.ids.Add(1))
	from := len(b.autos)
	b.autos = append(b.autos, b.s.idStart...)
	b.autos = base64.RawURLEncoding.AppendEncode(b.autos, raw[:])
	return b.autos[from:len(b.autos):len(b.autos)]
}

// keep adds the document to those that go to the store.
func (b *bulk) keep(it *item, at time.Time) {
	b.docs = append(b.docs, Doc{Index: it.shard.name, ID: it.id, Source: it.source, Timestamp: at})
}
