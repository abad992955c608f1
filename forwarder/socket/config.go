package socket

import (
	"context"
	"crypto/tls"

	"sluice/event"
	"sluice/parser"
)

// Config is one server. Its package's users fill it from their own settings.
type Config struct {
	Name    string // of the source, in accounts and dead letters
	Network string // tcp, udp or unix
	Address string // host:port, or the socket's path
	Mode    string // of a unix socket, octal

	Tag    string
	Parser *parser.Parser
	// Route returns the tag of record i of b, which was just parsed, and may
	// change the record; nil: all have Tag. The tags should be few.
	Route func(b *event.Batch, i int) string
	// Unmatched is the tag of records made of messages that are not in the
	// format: { unmatched_line: the message }. Empty: they are dead letters.
	Unmatched string

	Delimiter     string // between messages of a stream
	OctetCount    bool   // instead each begins with its length in bytes and a blank (RFC 6587)
	MaxMessage    int    // bytes; what is longer is cut
	RemoveNewline bool   // at a datagram's end
	ReceiveBuffer int    // of a UDP socket in the kernel, bytes; 0: the system's

	AddressKey  string // field that gets the sender's address
	HostnameKey string // the same: names are not asked for

	Allow, Deny    []string // networks and addresses
	MaxConnections int      // 0: any number
	Memory         int64    // what the messages of all connections may hold together, bytes, beside 4 KiB each
	Certs          Certs    // nil: plain

	Dead DeadLetters // nil: what is not in the format is only counted
}

// Certs provides the server's certificate, which may change at any time.
type Certs interface {
	Server() *tls.Config
	// Run looks for changes until ctx ends.
	Run(ctx context.Context)
}

// DeadLetters keeps bytes that are not in the format. PutRaw returns nil when
// they are fsynced.
type DeadLetters interface {
	PutRaw(input, peer, tag, kind, reason string, raw []byte) error
}
