package wire

// Helo is the server's greeting.
type Helo struct {
	Nonce []byte
	Auth  []byte // salt of the password's digest; empty: no user is asked for
}

// Pong is the server's verdict.
type Pong struct {
	OK       bool
	Reason   []byte // why not
	Hostname []byte // the server's
	Digest   []byte // Digest(the client's salt, Hostname, nonce, shared key)
}

// ReadHelo reads a HELO. Fluentd sends nonce and auth as bin, Fluent Bit as str.
func ReadHelo(f *Frame) (h Helo, ok bool) {
	e, ok := elements(f, 2)
	if !ok {
		return h, false
	}
	name, _ := Bytes(e[0])
	pairs(e[1], func(key, value []byte) {
		switch string(key) {
		case "nonce":
			h.Nonce, _ = Bytes(value)
		case "auth":
			h.Auth, _ = Bytes(value)
		}
	})
	return h, string(name) == "HELO" && len(h.Nonce) > 0
}

// ReadPong reads a PONG: exactly five elements.
func ReadPong(f *Frame) (p Pong, ok bool) {
	e, ok := elements(f, 5)
	if !ok {
		return p, false
	}
	name, _ := Bytes(e[0])
	p.OK = e[1][0] == 0xc3
	for i, to := range [...]*[]byte{&p.Reason, &p.Hostname, &p.Digest} {
		if *to, ok = Bytes(e[i+2]); !ok {
			return p, false
		}
	}
	return p, string(name) == "PONG" && headers[e[1][0]].typ == Bool
}

// ReadAck reads the answer to a frame: the msgpack value of its chunk id.
func ReadAck(f *Frame) (chunk []byte, ok bool) {
	pairs(f.Raw, func(key, value []byte) {
		if string(key) == "ack" {
			chunk, ok = value, true
		}
	})
	return chunk, ok
}

// elements are those of an array of exactly n, at most 6.
func elements(f *Frame, n int) (e [6][]byte, ok bool) {
	if f.N != n {
		return e, false
	}
	v, err := Head(f.Raw)
	rest := f.Raw[v.Head:]
	for i := range n {
		size := 0
		if err == nil {
			size, err = Skip(rest)
		}
		if err != nil {
			return e, false
		}
		e[i], rest = rest[:size], rest[size:]
	}
	return e, true
}
