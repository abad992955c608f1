package tail

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

func TestEncodingOf(t *testing.T) {
	for name, want := range map[string]any{
		"Shift_JIS": japanese.ShiftJIS, "sjis": japanese.ShiftJIS, "Windows-31J": japanese.ShiftJIS, "CP932": japanese.ShiftJIS,
		"euc-jp": japanese.EUCJP, "ISO-8859-1": charmap.ISO8859_1, "iso8859-15": charmap.ISO8859_15, "CP1252": charmap.Windows1252,
		"": nil, "UTF-8": nil, "utf8": nil, "ASCII-8BIT": nil, "BINARY": nil, "US-ASCII": nil,
	} {
		if e, err := EncodingOf(name); err != nil || e != want && (want != nil || e != nil) {
			t.Errorf("%q is %v, %v", name, e, err)
		}
	}
	for name, why := range map[string]string{"UTF-16LE": "newline", "UTF-16": "newline", "IBM037": "newline", "klingon": "not known", "cp125": "not known"} {
		if e, err := EncodingOf(name); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q is %v, %v", name, e, err)
		}
	}
}

// Lines of every length are converted: such that span reads, and the last one,
// which has no end.
func TestFilesInAnotherEncoding(t *testing.T) {
	for name, text := range map[string]string{"Shift_JIS": "日本語ソ表", "EUC-JP": "日本語", "ISO-2022-JP": "日本語", "ISO-8859-1": "Grüße", "GB18030": "中文", "KOI8-R": "журнал"} {
		t.Run(name, func(t *testing.T) {
			e, err := EncodingOf(name)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"first " + text, strings.Repeat(text, 2000), "plain", "last " + text}
			encoded, err := e.NewEncoder().String(strings.Join(want, "\n"))
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			r.cfg.Encoding, r.cfg.Multiline = e, "off"
			live := filepath.Join(r.dir, "containers", "app.log")
			r.append(live, encoded)
			r.start()
			r.records(len(want) - 1)
			r.must(os.Remove(live))
			r.records(len(want))
			for n, got := range r.out.texts() {
				if got != want[n] {
					t.Errorf("line %d is %.60q, want %.60q", n, got, want[n])
				}
			}
		})
	}
}

func TestBytesThatAreNoText(t *testing.T) {
	d := newDecoder(japanese.ShiftJIS)
	if got := string(d.line([]byte("a\x82"))); got != "a\uFFFD" {
		t.Errorf("%q", got)
	}
	if got := string(d.line([]byte("\xa0b"))); !strings.HasSuffix(got, "b") {
		t.Errorf("%q inherits from the line before", got)
	}
	line := bytes.Repeat([]byte("\x93\xfa"), 300)
	d.line(line)
	if n := testing.AllocsPerRun(100, func() { d.line(line) }); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// The bubble's clock moves only when everything waits: how long the reading
// took is exact.
func TestABytesLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.blind = true
		r.cfg.BytesPerSecond, r.cfg.Readers = 10_000, 1
		busy, other := r.container("busy"), r.container("other")
		text := numbered(0, 2000)
		r.append(busy, text)
		r.append(other, numbered(5000, 5001))
		began := time.Now()
		r.start()
		r.until("the other is not held up", func() bool { return strings.Contains(strings.Join(r.out.texts(), " "), "line 5000") })
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the other waited %s", took)
		}
		for r.out.len() < 2001 {
			time.Sleep(10 * time.Millisecond)
		}
		full := time.Duration(len(text)) * time.Second / 10_000
		if took := time.Since(began); took < full-time.Second || took > full+time.Second {
			t.Errorf("%d bytes took %s, want about %s", len(text), took, full)
		}
		r.stop()
	})
}

func TestOnlyWhatWasWrittenOfLate(t *testing.T) {
	r := newRig(t)
	r.cfg.Recent = time.Hour
	long := time.Now().Add(-2 * time.Hour)
	old, fresh, begun := r.container("old"), r.container("fresh"), r.container("begun")
	r.append(begun, numbered(10, 12))
	r.append(fresh+".1", numbered(1, 2))
	r.append(fresh, numbered(20, 21))
	r.append(old, numbered(30, 31))
	r.must(os.Chtimes(fresh+".1", long, long))
	r.must(os.Chtimes(old, long, long))
	r.start()
	r.records(3)
	r.until("saved", func() bool { return r.entryOf(begun) != nil && r.entryOf(fresh) != nil })
	r.stop()
	if all := strings.Join(r.out.texts(), " "); strings.Contains(all, "line 1 ") || strings.Contains(all, "line 30") {
		t.Errorf("%q was not written of late", all)
	}

	if r.entryOf(old) != nil {
		t.Error("a log that was not to be begun has a position")
	}

	// What was begun is read to its end, however old it is by now.
	r.append(begun, numbered(12, 13))
	r.must(os.Chtimes(begun, long, long))
	r.restart(r.store)
	if text := r.records(1)[0].text; text != "line 12" {
		t.Errorf("%q", text)
	}
	r.append(old, numbered(31, 32))
	r.records(3)
	if all := r.out.texts(); all[1] != "line 30" || all[2] != "line 31" {
		t.Errorf("%q", all)
	}
	if n := r.lostFiles(vanished); n != 0 {
		t.Errorf("%d files vanished", n)
	}
}
