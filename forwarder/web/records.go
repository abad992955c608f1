package web

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/event"
	"sluice/forwarder/netin"
	"sluice/parser"
	"sluice/wire"
)

// text makes a record of arena[lo:hi] as the parser reads it.
func (in *intake) text(s *Server, lo, hi int) error {
	i := in.begin()
	if in.b.Full() {
		return bad("the records have too many different fields: send fewer at once")
	}
	parse := s.cfg.Parse
	if s.cfg.Timed != nil && !in.at.IsZero() {
		parse = s.cfg.Timed
	}
	if !parse.Into(&in.b, i, event.Value{Off: uint32(lo), Len: uint32(hi - lo), Kind: event.Text}) {
		return bad("record %d is not in the format, or its time cannot be read", i+1)
	}
	return nil
}

// json makes a record of each object in arena[lo:hi].
func (in *intake) json(s *Server, lo, hi int) (err error) {
	whole := in.b.Arena[lo:hi] // stays as it is when the arena grows and moves
	if !parser.Elements(whole, func(from, to int) bool {
		err = in.text(s, lo+from, lo+to)
		return err == nil
	}) && err == nil {
		err = bad("the records are not JSON")
	}
	return err
}

// lines makes a record of each line's object.
func (in *intake) lines(s *Server) error {
	end := len(in.b.Arena)
	whole := in.b.Arena[:end]
	for at := 0; at < end; {
		n := bytes.IndexByte(whole[at:], '\n')
		if n < 0 {
			n = end - at
		}
		if len(bytes.TrimSpace(whole[at:at+n])) > 0 {
			if err := in.json(s, at, at+n); err != nil {
				return err
			}
		}
		at += n + 1
	}
	return nil
}

// msgpack makes a record of each map: one behind the other, or in arrays.
func (in *intake) msgpack() error {
	for at := 0; at < len(in.b.Arena); {
		v, err := wire.Head(in.b.Arena[at:])
		if err != nil {
			return bad("the records are not msgpack: %v", err)
		}
		if v.Type == wire.Array { // its elements follow
			at += v.Head
			continue
		}
		if v.Type != wire.Map {
			return bad("record %d is no map", len(in.b.Recs)+1)
		}
		if at, err = in.object(at, v); err != nil {
			return err
		}
	}
	return nil
}

// object makes a record of the map at arena[at] and returns its end.
func (in *intake) object(at int, v wire.Value) (end int, err error) {
	p := in.b.Arena
	i := in.begin()
	at += v.Head
	for range v.Count {
		name, n, err := wire.Measure(p[at:], wire.MaxDepth-1)
		if err != nil || name.Type != wire.Str && name.Type != wire.Bin || in.b.Full() {
			return 0, bad("record %d is not msgpack, has a name that is no text, or there are too many different fields", i+1)
		}
		key := in.b.Key(p[at+name.Head : at+n])
		at += n
		val, n, err := wire.Measure(p[at:], wire.MaxDepth-1)
		if err != nil {
			return 0, bad("record %d is not msgpack: %v", i+1, err)
		}
		field := event.Value{Off: uint32(at), Len: uint32(n), Kind: event.Msgp}
		if val.Type == wire.Str {
			field = event.Value{Off: uint32(at + val.Head), Len: uint32(n - val.Head), Kind: event.Text}
		}
		at += n
		in.b.Set(i, key, field)
	}
	if !in.at.IsZero() { // the request's time counts for all, and the field stays
		return at, nil
	}
	key := in.b.KeyString("time")
	if field, ok := in.b.Get(i, key); ok && field.Kind == event.Msgp {
		if t, _, ok := wire.ReadTime(in.b.Bytes(field)); ok {
			in.b.Recs[i].Time = event.Time(t)
			in.b.Unset(i, key)
		}
	}
	return at, nil
}

// decorate gives the records their time, and the fields that the request has.
func (in *intake) decorate(s *Server, r *http.Request) {
	now := event.TimeOf(time.Unix(0, in.b.Read))
	fields := s.requestFields(r)
	for i := range in.b.Recs {
		rec := &in.b.Recs[i]
		switch {
		case !in.at.IsZero():
			rec.Time = in.at
		case in.none || rec.Time.IsZero():
			rec.Time = now
		}
		for _, f := range fields {
			in.b.Set(i, in.b.KeyString(f.Name), in.b.PutString(f.Value, event.Text))
		}
	}
}

// requestFields are the fields that all records of a request get.
func (s *Server) requestFields(r *http.Request) (list []event.Pair) {
	add := func(prefix string, values map[string][]string) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			list = append(list, event.Pair{Name: prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_")), Value: strings.Join(values[name], ", ")})
		}
	}
	if s.cfg.AddHeaders {
		add("HTTP_", r.Header)
		list = append(list, event.Pair{Name: "HTTP_HOST", Value: r.Host})
	}
	if s.cfg.AddQuery {
		if query, err := url.ParseQuery(r.URL.RawQuery); err == nil {
			add("QUERY_", query)
		}
	}
	if s.cfg.AddAddress {
		from, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
		if from = strings.TrimSpace(from); from == "" {
			from = netin.HostOf(r.RemoteAddr).String()
		}
		list = append(list, event.Pair{Name: "REMOTE_ADDR", Value: from})
	}
	return list
}
