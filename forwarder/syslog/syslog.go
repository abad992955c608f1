// Package syslog receives syslog messages, as Fluentd's source of that name.
//
// Promise: package socket's, of which each server here is one. A message's
// priority becomes the end of its tag: TAG.FACILITY.SEVERITY.
package syslog

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/socket"
)

// Config says what the messages become.
type Config struct {
	Socket      socket.Config // with the tag's begin, and a parser that finds pri
	SeverityKey string        // field that gets the severity's name; empty: none
	FacilityKey string
}

// defaultPriority holds where a message has none: user, notice (RFC 3164).
const defaultPriority = 13

var facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "at", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

var severities = [...]string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}

// New makes a server.
func New(cfg Config, l *ledger.Ledger, log *slog.Logger, reg prometheus.Registerer, base *event.Fragment) (*socket.Server, error) {
	if cfg.Socket.Tag == "" {
		return nil, fmt.Errorf("syslog needs the begin of a tag")
	}
	r := newRoute(&cfg)
	cfg.Socket.Route = r.tag
	return socket.New(cfg.Socket, l, log, reg, base)
}

// route finds tags.
type route struct {
	severityKey, facilityKey string
	tags                     [len(facilities) * len(severities)]string
}

func newRoute(cfg *Config) *route {
	r := &route{severityKey: cfg.SeverityKey, facilityKey: cfg.FacilityKey}
	for i := range r.tags {
		r.tags[i] = cfg.Socket.Tag + "." + facilities[i/8] + "." + severities[i%8]
	}
	return r
}

// tag takes the priority out of record i.
func (r *route) tag(b *event.Batch, i int) string {
	pri := defaultPriority
	key := b.KeyString("pri")
	if v, ok := b.Get(i, key); ok {
		if n, err := strconv.ParseUint(string(b.Bytes(v)), 10, 16); err == nil && int(n) < len(r.tags) {
			pri = int(n)
			b.Unset(i, key)
		}
	}
	if r.severityKey != "" {
		b.Set(i, b.KeyString(r.severityKey), b.PutString(severities[pri%8], event.Text))
	}
	if r.facilityKey != "" {
		b.Set(i, b.KeyString(r.facilityKey), b.PutString(facilities[pri/8], event.Text))
	}
	return r.tags[pri]
}
