package wire

import (
	"crypto/sha512"
	"encoding/hex"

	"github.com/tinylib/msgp/msgp"
)

// Ping is the client's half of the handshake. Digests are lower-case
// hexadecimal.
type Ping struct {
	Hostname       []byte
	Salt           []byte
	KeyDigest      []byte // Digest(salt, hostname, the server's nonce, shared key)
	Username       []byte
	PasswordDigest []byte // Digest(the server's auth salt, username, password)
}

// Digest is the handshake's: SHA-512 of the parts, one after the other, in
// hexadecimal.
func Digest(parts ...[]byte) []byte {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.AppendEncode(nil, h.Sum(nil))
}

// AppendHelo appends the server's greeting. An empty auth asks for no user.
// Both are sent as bin: a client that reads them as text breaks the digests.
func AppendHelo(dst, nonce, auth []byte) []byte {
	dst = msgp.AppendString(append(dst, 0x92), "HELO")
	dst = msgp.AppendBytes(msgp.AppendString(append(dst, 0x83), "nonce"), nonce)
	dst = msgp.AppendString(dst, "auth")
	if len(auth) > 0 {
		dst = msgp.AppendBytes(dst, auth)
	} else {
		dst = msgp.AppendString(dst, "")
	}
	return msgp.AppendBool(msgp.AppendString(dst, "keepalive"), true)
}

// AppendPing appends the client's answer to a HELO.
func AppendPing(dst []byte, p Ping) []byte {
	dst = msgp.AppendString(append(dst, 0x96), "PING")
	for _, s := range [...][]byte{p.Hostname, p.Salt, p.KeyDigest, p.Username, p.PasswordDigest} {
		dst = msgp.AppendStringFromBytes(dst, s)
	}
	return dst
}

// ReadPing reads a PING: exactly six elements, each str or bin.
func ReadPing(f *Frame) (p Ping, ok bool) {
	e, ok := elements(f, 6)
	if !ok {
		return p, false
	}
	var name []byte
	for i, to := range [...]*[]byte{&name, &p.Hostname, &p.Salt, &p.KeyDigest, &p.Username, &p.PasswordDigest} {
		if *to, ok = Bytes(e[i]); !ok {
			return p, false
		}
	}
	return p, string(name) == "PING"
}

// AppendPong appends the server's verdict; digest is Digest(the client's salt,
// hostname, nonce, shared key).
func AppendPong(dst []byte, hostname string, digest []byte) []byte {
	dst = msgp.AppendBool(msgp.AppendString(append(dst, 0x95), "PONG"), true)
	dst = msgp.AppendString(msgp.AppendString(dst, ""), hostname)
	return msgp.AppendStringFromBytes(dst, digest)
}

// AppendRefusal appends a PONG that refuses, and says why.
func AppendRefusal(dst []byte, reason string) []byte {
	dst = msgp.AppendBool(msgp.AppendString(append(dst, 0x95), "PONG"), false)
	return msgp.AppendString(msgp.AppendString(msgp.AppendString(dst, reason), ""), "")
}
