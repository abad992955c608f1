package tail

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"
)

// otherNames are what Ruby calls encodings that IANA's list has under another
// name, or as a part of another.
var otherNames = map[string]string{
	"sjis": "Shift_JIS", "windows-31j": "Shift_JIS", "cp932": "Shift_JIS", "cswindows31j": "Shift_JIS",
	"eucjp": "EUC-JP", "euckr": "EUC-KR", "cp949": "EUC-KR", "gb2312": "GBK", "euc-cn": "GBK", "euccn": "GBK",
}

// EncodingOf finds an encoding by IANA's or Ruby's name; nil stands for one
// whose bytes stay as they are. An encoding in which a newline is not the byte 10
// is refused: its files cannot be read in lines.
func EncodingOf(name string) (encoding.Encoding, error) {
	lower := strings.ToLower(name)
	switch lower {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ascii-8bit", "binary":
		return nil, nil
	}
	if other := otherNames[lower]; other != "" {
		lower = other
	} else if number, ok := strings.CutPrefix(lower, "cp125"); ok {
		lower = "windows-125" + number
	} else if number, ok := strings.CutPrefix(lower, "iso8859"); ok {
		lower = "iso-8859" + number
	}
	e, err := ianaindex.IANA.Encoding(lower)
	if err != nil || e == nil {
		return nil, fmt.Errorf("the encoding %q is not known", name)
	}
	if text, err := e.NewEncoder().String("a\n"); err != nil || text != "a\n" {
		return nil, fmt.Errorf("files in the encoding %q are not supported: a newline is not one byte in it", name)
	}
	return e, nil
}

// decoder makes UTF-8 of lines in another encoding. What is no text in it
// becomes U+FFFD.
type decoder struct {
	from transform.Transformer
	buf  []byte
}

func newDecoder(e encoding.Encoding) *decoder {
	if e == nil {
		return nil
	}
	return &decoder{from: e.NewDecoder().Transformer}
}

// line returns the line in UTF-8, until the next call.
func (d *decoder) line(line []byte) []byte {
	d.from.Reset() // no line inherits what another one shifted to
	n := 0
	if len(d.buf) > keepRoom && len(line) < keepRoom/4 {
		d.buf = nil
	}
	for {
		wrote, read, err := d.from.Transform(d.buf[n:], line, true)
		n, line = n+wrote, line[read:]
		if err != transform.ErrShortDst {
			return d.buf[:n]
		}
		d.buf = append(d.buf, make([]byte, 64+len(d.buf)+len(line))...)
	}
}
