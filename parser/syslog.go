package parser

import (
	"bytes"
	"strings"

	"sluice/event"
	"sluice/parser/rubyexp"
	"sluice/parser/timefmt"
	"sluice/setting"
)

const defaultSyslogTime = "%b %d %H:%M:%S"

// syslog is RFC 3164's or RFC 5424's message, with Fluentd's names: pri, host,
// ident, pid, msgid, extradata, message. More lenient than there: a 3164
// message may carry an ISO 8601 time, a 5424 message no time at all, and a
// message of several lines is kept whole.
type syslog struct {
	priority, auto, rfc5424 bool
	names                   [8]string
	body                    *rubyexp.Regexp // of 3164, behind the time
	time3164                *timefmt.Parser
	words                   int // of a 3164 time
	time5424                *timefmt.Parser
	iso                     *timefmt.Parser
	keepTime                bool
}

// The places of syslog's fields in syslog.names.
const (
	syslogPri = iota
	syslogTime
	syslogHost
	syslogIdent
	syslogPID
	syslogMsgID
	syslogData
	syslogMessage
)

func newSyslog(cfg Config) (format, error) {
	f := &syslog{priority: cfg.WithPriority, keepTime: cfg.KeepTimeKey}
	switch cfg.MessageFormat {
	case "", "rfc3164":
	case "rfc5424":
		f.rfc5424 = true
	case "auto":
		f.auto = true
	default:
		return nil, refuse("message_format", "there is no message_format %q (write rfc3164, rfc5424 or auto)", cfg.MessageFormat)
	}
	for i, name := range [...]string{"pri", "time", "host", "ident", "pid", "msgid", "extradata", "message"} {
		f.names[i] = cfg.Prefix + name
	}
	zone, err := cfg.zone()
	if err != nil {
		return nil, err
	}
	form := or(cfg.TimeFormat, defaultSyslogTime)
	f.words = strings.Count(strings.Join(strings.Fields(form), " "), " ") + 1
	if f.time3164, err = timefmt.NewParser(form, zone, cfg.Now); err != nil {
		return nil, setting.Because("time_format", err)
	}
	form = or(cfg.RFC5424TimeFormat, "%iso8601")
	if f.rfc5424 && cfg.TimeFormat != "" {
		form = cfg.TimeFormat
	}
	if f.time5424, err = timefmt.NewParser(form, zone, cfg.Now); err != nil {
		return nil, setting.Because("rfc5424_time_format", err)
	}
	if f.iso, err = timefmt.NewParser("%iso8601", zone, cfg.Now); err != nil {
		return nil, err
	}
	f.body, err = rubyexp.Compile(`/\A(?<host>[^ ]*) (?<ident>[^ :\[]*)(?:\[(?<pid>[0-9]+)\])?(?:[^\:]*\:)? *(?<message>.*)\z/m`, rubyexp.Options{})
	return f, err
}

func (f *syslog) add(b *event.Batch, s *scratch, name int, v event.Value) {
	b.Fields = append(b.Fields, event.Field{Key: s.key(b, name, f.names[name]), Val: v})
}

func (f *syslog) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	p := b.Bytes(v)
	pri := priorityEnd(p)
	version := pri
	for version < len(p) && version < pri+3 && p[version]-'0' <= 9 {
		version++
	}
	modern := f.rfc5424
	if f.auto { // <PRI>VERSION and a blank
		modern = pri > 0 && version > pri && p[pri] != '0' && version < len(p) && p[version] == ' '
	}
	at := 0
	if f.priority {
		if pri == 0 {
			return t, false
		}
		val := part(v, 1, pri-1)
		val.Kind = event.JSON
		for val.Len > 1 && p[val.Off-v.Off] == '0' { // JSON knows no leading zeros
			val.Off, val.Len = val.Off+1, val.Len-1
		}
		f.add(b, s, syslogPri, val)
		at = pri
		if modern {
			if version == pri || version == len(p) || p[version] != ' ' {
				return t, false
			}
			at = version + 1
		}
	} else if modern && f.auto {
		at = version + 1
	}
	if modern {
		return f.modern(b, v, p, at, s)
	}
	return f.old(b, v, p, at, s)
}

// priorityEnd is where <PRI> ends, 0 if there is none.
func priorityEnd(p []byte) int {
	if len(p) == 0 || p[0] != '<' {
		return 0
	}
	i := 1
	for i < len(p) && i < 4 && p[i]-'0' <= 9 {
		i++
	}
	if i == 1 || i == len(p) || p[i] != '>' {
		return 0
	}
	return i + 1
}

// old reads RFC 3164's message from its time on.
func (f *syslog) old(b *event.Batch, v event.Value, p []byte, at int, s *scratch) (t event.Time, ok bool) {
	end := wordsEnd(p, at, f.words)
	if end >= 0 {
		t, ok = f.time3164.Parse(p[at:end])
	}
	if !ok {
		if end = wordsEnd(p, at, 1); end < 0 {
			return t, false
		}
		if t, ok = f.iso.Parse(p[at:end]); !ok {
			return t, false
		}
	}
	if f.keepTime {
		f.add(b, s, syslogTime, part(v, at, end))
	}
	rest := end + 1
	if s.match, ok = f.body.Find(s.match[:0], p[rest:]); !ok {
		return t, false
	}
	for i, name := range [...]int{syslogHost, syslogIdent, syslogPID, syslogMessage} {
		lo, hi := f.body.Group(s.match, i)
		if lo < 0 {
			continue
		}
		if name == syslogMessage {
			hi = lo + len(chomp(p[rest+lo:rest+hi]))
		}
		f.add(b, s, name, part(v, rest+lo, rest+hi))
	}
	return t, true
}

// wordsEnd is where the n-th word from p[at] on ends, before a blank; -1 if
// there is none.
func wordsEnd(p []byte, at, n int) int {
	for range n {
		for at < len(p) && p[at] == ' ' {
			at++
		}
		k := bytes.IndexByte(p[at:], ' ')
		if k < 0 {
			return -1
		}
		at += k
	}
	return at
}

func chomp(p []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(p, []byte("\n")), []byte("\r"))
}

// modern reads RFC 5424's message from its time on.
func (f *syslog) modern(b *event.Batch, v event.Value, p []byte, at int, s *scratch) (t event.Time, ok bool) {
	end := wordsEnd(p, at, 1)
	if end < 0 {
		return t, false
	}
	if text := p[at:end]; string(text) != "-" {
		if t, ok = f.time5424.Parse(text); !ok {
			if t, ok = f.iso.Parse(text); !ok {
				return t, false
			}
		}
	}
	if f.keepTime {
		f.add(b, s, syslogTime, part(v, at, end))
	}
	for _, name := range [...]int{syslogHost, syslogIdent, syslogPID, syslogMsgID} {
		at = end + 1
		n := bytes.IndexByte(p[at:], ' ')
		if n <= 0 {
			return t, false
		}
		end = at + n
		f.add(b, s, name, part(v, at, end))
	}
	at = end + 1
	if end = dataEnd(p, at); end < 0 {
		return t, false
	}
	f.add(b, s, syslogData, part(v, at, end))
	if end == len(p) {
		return t, true
	}
	if p[end] != ' ' {
		return t, false
	}
	message := bytes.TrimPrefix(chomp(p[end+1:]), []byte("\xef\xbb\xbf"))
	lo := end + 1
	if bytes.HasPrefix(p[lo:], []byte("\xef\xbb\xbf")) { // the mark that says UTF-8
		lo += 3
	}
	f.add(b, s, syslogMessage, part(v, lo, lo+len(message)))
	return t, true
}

// dataEnd is where the structured data at p[at] ends, -1 if there is none: a
// hyphen, or [id name="value"] once or several times.
func dataEnd(p []byte, at int) int {
	if at < len(p) && p[at] == '-' {
		return at + 1
	}
	end := at
	for end < len(p) && p[end] == '[' {
		quoted := false
		i := end + 1
		for ; i < len(p) && (quoted || p[i] != ']'); i++ {
			switch p[i] {
			case '\\':
				i++
			case '"':
				quoted = !quoted
			}
		}
		if i >= len(p) {
			return -1
		}
		end = i + 1
	}
	if end == at {
		return -1
	}
	return end
}
