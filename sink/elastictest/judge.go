package elastictest

import (
	"net/http"
	"strconv"
	"time"
)

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// judge decides about one item: either it has an error, or its document is
// among those that go to the store.
func (b *bulk) judge(it *item, now time.Time) {
	if !b.place(it) {
		return
	}
	t := b.targets[string(it.index)]
	if it.op == opDelete || it.op == opUpdate || it.overwrite && it.id != nil {
		it.shard = nil
		it.err = &apiError{status: http.StatusNotImplemented, typ: "stand_in_exception", reason: "the stand-in carries out op create, and index without an id, not op " + opNames[it.op]}
		return
	}
	if it.id == nil {
		it.id = b.autoID()
	}
	var flat map[string]bool
	if t != nil {
		flat = t.flat
	}
	at := now
	err := b.scan.document(it.source, it.id, flat)
	if st := &b.scan.rules.stamp; err == nil && it.stream {
		at, err = b.scan.timestamp()
	} else if err == nil && st.values == 1 && st.kind != object {
		if sec, nsec, ok := parseTime(st.val); ok {
			at = time.Unix(sec, int64(nsec)).UTC()
		}
	}
	if err == nil && b.params.copies > 1 {
		err = &apiError{
			status: http.StatusServiceUnavailable, typ: "unavailable_shards_exception",
			reason: "[" + it.shard.name + "][0] Not enough active copies to meet shard count of [" + strconv.Itoa(b.params.copies) + "] (have 1, needed " + strconv.Itoa(b.params.copies) + ").",
		}
	}
	if err == nil {
		b.keep(it, at)
		return
	}
	if b.s.openSearch && err.typ == docError {
		err.typ = "mapper_parsing_exception"
	}
	if t != nil && t.failures != nil && !err.unreadable && err.status == http.StatusBadRequest {
		it.shard, it.failed, it.id = t.failures, true, b.autoID()
		b.keep(it, now)
		return
	}
	it.err = err
	it.failed = it.stream && t.failures != nil
	if !it.failed {
		err.suppressed = nil
	} else if err.suppressed == nil {
		err.suppressed = err.cause
	}
}

// place finds where an item's document goes, or gives the item its error.
func (b *bulk) place(it *item) bool {
	t, known := b.targets[string(it.index)]
	if !known {
		if t, it.err = b.find(string(it.index), it); it.err != nil {
			return false
		}
		if b.targets == nil {
			b.targets = map[string]*target{}
		}
		b.targets[string(it.index)] = t
	}
	it.err = misplaced(it, t)
	if it.err != nil {
		b.ingest = b.ingest || it.missingPipeline()
		return false
	}
	it.shard, it.stream = t.shard, t.stream
	return true
}

// missingPipeline: the item names a pipeline, of which there is none here.
func (it *item) missingPipeline() bool { return len(it.pipeline) > 0 && string(it.pipeline) != "_none" }

// misplaced says why an item may not go to t.
func misplaced(it *item, t *target) *apiError {
	name := t.name
	switch {
	case it.needAlias:
		return absent(name, " and [require_alias] request flag is [true] and ["+name+"] is not an alias")
	case it.needStream && !t.stream:
		return &apiError{status: http.StatusNotFound, typ: "resource_not_found_exception", reason: "[require_data_stream] request flag is [true] and [" + name + "] is not a data stream"}
	case t.stream && it.op != opCreate && (it.op != opIndex || it.overwrite):
		err := illegal("only write ops with an op_type of create are allowed in data streams")
		err.cause = noIndex(name, true)
		return err
	case it.missingPipeline():
		if it.id == nil {
			it.id = []byte("auto-generated")
		}
		return illegal("pipeline with id [" + string(it.pipeline) + "] does not exist")
	case t.stream && it.routing:
		return illegal("index request targeting data stream [" + name + "] specifies a custom routing but the [allow_custom_routing] setting was not enabled in the data stream's template.")
	case it.id != nil && len(it.id) == 0:
		return illegal("if _id is specified it must not be empty")
	}
	return nil
}

// find returns the target of a name that this request names first.
func (b *bulk) find(name string, it *item) (*target, *apiError) {
	x := b.s.indices
	if stream, ok := x.streamOf(name); ok {
		how := "op_type=create"
		if it.op == opIndex {
			how = "op_type=index and no if_primary_term and if_seq_no set"
		}
		return nil, illegal("index request with " + how + " targeting backing indices is disallowed, target corresponding data stream [" + stream + "] instead")
	}
	if _, ok := x.find(name); !ok && it.needAlias {
		return nil, absent(name, " and [require_alias] request flag is [true] and ["+name+"] is not an alias")
	}
	return x.open(name, it.needStream)
}
