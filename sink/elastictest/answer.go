package elastictest

import "strconv"

// answer writes the answer to a bulk request into b.out.
func (b *bulk) answer() {
	o := begin(b.out[:0], b.params.filter)
	failed := false
	for i := range b.items {
		failed = failed || b.items[i].err != nil || b.items[i].clash
	}
	if !b.s.openSearch {
		o.raw("errors", strconv.FormatBool(failed))
	}
	o.num("took", 0)
	if b.ingest {
		o.num("ingest_took", 0)
	}
	if b.s.openSearch {
		o.raw("errors", strconv.FormatBool(failed))
	}
	if list, ok := o.member("items"); ok {
		o.dst = append(o.dst, '[')
		mark := len(o.dst)
		var kids [len(opNames)]*node
		for i := range b.items {
			op := b.items[i].op
			if kids[op] == nil {
				kids[op] = list.kid(opNames[op])
			}
			o.dst = b.item(o.dst, &b.items[i], kids[op], len(o.dst) > mark)
		}
		o.dst = append(o.dst, ']')
		o.done(list)
	}
	b.out = o.end()
}

// item appends one item; n is its place below the op's name.
func (b *bulk) item(dst []byte, it *item, n *node, comma bool) []byte {
	if n.drop {
		return dst
	}
	mark := len(dst)
	if comma {
		dst = append(dst, ',')
	}
	dst = append(append(append(dst, `{"`...), opNames[it.op]...), `":`...)
	inner := len(dst)
	switch {
	case it.err != nil:
		dst = b.failedItem(dst, it, n)
	case it.clash:
		dst = b.clashItem(dst, it, n)
	case n == everything:
		dst = b.goodItem(dst, it)
	default:
		dst = b.filteredItem(dst, it, n)
	}
	if len(dst) == inner+2 && n != everything { // nothing was wanted of it
		return dst[:mark]
	}
	return append(dst, '}')
}

// goodItem is the usual case in one piece.
func (b *bulk) goodItem(dst []byte, it *item) []byte {
	dst = append(append(dst, `{"_index":`...), it.shard.quoted...)
	dst = appendQuoted(append(dst, `,"_id":`...), it.id)
	dst = append(dst, `,"_version":1,"result":"created",`...)
	if b.params.refresh {
		dst = append(dst, `"forced_refresh":true,`...)
	}
	dst = append(dst, `"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":`...)
	dst = appendInt(dst, it.seq)
	dst = append(dst, `,"_primary_term":1,`...)
	if it.failed {
		dst = append(dst, `"failure_store":"used",`...)
	}
	if it.list {
		dst = append(dst, `"executed_pipelines":[],`...)
	}
	return append(dst, `"status":201}`...)
}

func (b *bulk) filteredItem(dst []byte, it *item, n *node) []byte {
	o := begin(dst, n)
	if o.leaf("_index") {
		o.dst = append(o.dst, it.shard.quoted...)
	}
	o.bytes("_id", it.id)
	o.num("_version", 1)
	o.raw("result", `"created"`)
	if b.params.refresh {
		o.raw("forced_refresh", "true")
	}
	o.counts("_shards", count{"total", 1}, count{"successful", 1}, count{"failed", 0})
	o.num("_seq_no", it.seq)
	o.num("_primary_term", 1)
	if it.failed {
		o.raw("failure_store", `"used"`)
	}
	o.num("status", 201)
	return o.end()
}

// clashItem: the id is there already.
func (b *bulk) clashItem(dst []byte, it *item, n *node) []byte {
	o := begin(dst, n)
	if o.leaf("_index") {
		o.dst = append(o.dst, it.shard.quoted...)
	}
	o.bytes("_id", it.id)
	o.num("status", 409)
	b.failureStore(&o, it)
	if e, ok := o.member("error"); ok {
		c := begin(o.dst, e)
		c.raw("type", `"version_conflict_engine_exception"`)
		if c.leaf("reason") {
			c.dst = appendEscaped(append(c.dst, `"[`...), it.id)
			c.dst = append(c.dst, `]: version conflict, document already exists (current version [1])"`...)
		}
		c.str("index_uuid", it.shard.uuid)
		c.raw("shard", `"0"`)
		if c.leaf("index") {
			c.dst = append(c.dst, it.shard.quoted...)
		}
		o.dst = c.end()
		o.done(e)
	}
	return o.end()
}

// failureStore writes what became of a refused item's document: nothing where
// the stream has a failure store that was not asked, as for a conflict.
func (b *bulk) failureStore(o *writer, it *item) {
	if !it.stream || b.s.openSearch {
		return
	}
	if it.failed {
		o.raw("failure_store", `"failed"`)
	} else if b.targets[string(it.index)].failures == nil {
		o.raw("failure_store", `"not_enabled"`)
	}
}

func (b *bulk) failedItem(dst []byte, it *item, n *node) []byte {
	o := begin(dst, n)
	index := it.index
	if it.shard != nil {
		index = []byte(it.shard.name)
	}
	o.bytes("_index", index)
	if it.id == nil {
		o.raw("_id", "null")
	} else {
		o.bytes("_id", it.id)
	}
	o.num("status", int64(it.err.status))
	b.failureStore(&o, it)
	if e, ok := o.member("error"); ok {
		o.dst = it.err.appendTo(o.dst, e)
		o.done(e)
	}
	return o.end()
}
