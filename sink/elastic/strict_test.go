package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// strict returns what Elasticsearch would refuse in one JSON document (golden
// answers m10, m11, m12), or nil. Levels are counted from the given depth.
func strict(line []byte, depth int) error {
	if !utf8.Valid(line) {
		return fmt.Errorf("not UTF-8: %q", line)
	}
	if bytes.IndexByte(line, '\n') >= 0 {
		return fmt.Errorf("a newline in %q", line)
	}
	if !json.Valid(line) {
		return fmt.Errorf("not JSON: %q", line)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := strictValue(d, depth); err != nil {
		return fmt.Errorf("%w in %q", err, line)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one value in %q", line)
	}
	return nil
}

func strictValue(d *json.Decoder, depth int) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	switch v := tok.(type) {
	case json.Number:
		return strictNumber(string(v))
	case json.Delim:
		if depth++; depth > maxDepth {
			return fmt.Errorf("deeper than %d", maxDepth)
		}
		seen := map[string]bool{}
		for d.More() {
			if v == '{' {
				key, _ := d.Token()
				name := key.(string)
				if seen[name] {
					return fmt.Errorf("key %q twice", name)
				}
				seen[name] = true
				for part := range strings.SplitSeq(name, ".") {
					if strings.TrimSpace(part) == "" {
						return fmt.Errorf("bad key %q", name)
					}
				}
			}
			if err := strictValue(d, depth); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func strictNumber(s string) error {
	if !strings.ContainsAny(s, ".eE") {
		if _, err := strconv.ParseInt(s, 10, 64); err != nil {
			return fmt.Errorf("number %.40s is no int64", s)
		}
		return nil
	}
	if f, err := strconv.ParseFloat(s, 64); math.IsInf(f, 0) {
		return err
	}
	return nil
}
