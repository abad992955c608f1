package syslog

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/parser"
)

func TestTags(t *testing.T) {
	cfg := Config{SeverityKey: "severity", FacilityKey: "facility"}
	cfg.Socket.Tag = "sys"
	r := newRoute(&cfg)
	for _, c := range []struct{ record, tag, facility, severity string }{
		{`{"pri":0}`, "sys.kern.emerg", "kern", "emerg"},
		{`{"pri":6}`, "sys.kern.info", "kern", "info"},
		{`{"pri":34}`, "sys.auth.crit", "auth", "crit"},
		{`{"pri":191}`, "sys.local7.debug", "local7", "debug"},
		{`{"pri":192}`, "sys.user.notice", "user", "notice"}, // there is no such
		{`{}`, "sys.user.notice", "user", "notice"},
	} {
		b := &event.Batch{}
		b.Begin(event.Record{})
		if !parser.ParseObject(b, 0, b.PutString(c.record, event.Text), "") {
			t.Fatal(c.record)
		}
		got := r.tag(b, 0)
		text := func(name string) string {
			v, _ := b.Get(0, b.KeyString(name))
			return string(b.Bytes(v))
		}
		_, left := b.Get(0, b.KeyString("pri"))
		if got != c.tag || text("severity") != c.severity || text("facility") != c.facility || left != (c.record == `{"pri":192}`) {
			t.Errorf("%s: %s, %s, %s, pri left: %v", c.record, got, text("facility"), text("severity"), left)
		}
	}
}

func TestATagIsNeeded(t *testing.T) {
	if _, err := New(Config{}, ledger.New(), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil); err == nil {
		t.Error("no error")
	}
}
