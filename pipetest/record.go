package pipetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sluice/event"
)

// Record is a line of a file of records that come in.
type Record struct {
	Tag    string          `json:"tag"`
	Time   json.RawMessage `json:"time"`   // RFC 3339, or Unix seconds; default: Epoch
	Label  string          `json:"label"`  // where it begins; default: the root
	Input  string          `json:"input"`  // or the input, by name or @id, that it comes from
	Record json.RawMessage `json:"record"` // an object

	time event.Time
}

// Epoch is the time of records that come without one.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// records reads a file of records; file is its name in errors.
func records(file string, data []byte) (list []Record, err error) {
	err = lines(file, data, func(line []byte) error {
		var r Record
		if err := decode(line, &r); err != nil {
			return err
		}
		switch {
		case r.Tag == "":
			return fmt.Errorf(`"tag" is missing`)
		case !bytes.HasPrefix(r.Record, []byte("{")):
			return fmt.Errorf(`"record" is missing, or no object`)
		case r.Label != "" && r.Input != "":
			return fmt.Errorf(`both "label" and "input" say where the record begins: remove one`)
		}
		var err error
		r.time, err = timeOf(r.Time)
		list = append(list, r)
		return err
	})
	return list, err
}

// lines calls f with each line that is neither empty nor a comment (#).
func lines(file string, data []byte, f func(line []byte) error) error {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	return nil
}

// decode reads one JSON value, numbers as they were written, and refuses names
// that v does not have.
func decode(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("cannot read the line: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows the JSON object: write one on each line")
	}
	return nil
}

// timeOf reads a time as it is written in a line.
func timeOf(raw json.RawMessage) (event.Time, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return event.TimeOf(Epoch), nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return event.Time{}, fmt.Errorf(`"time" is %q: write 2026-01-31T23:59:59.5Z, or Unix seconds`, text)
		}
		return event.TimeOf(t), nil
	}
	whole, part, _ := strings.Cut(string(raw), ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	nsec, errPart := strconv.ParseUint((part + "000000000")[:9], 10, 32)
	if err != nil || errPart != nil || len(part) > 9 || sec < 0 {
		return event.Time{}, fmt.Errorf(`"time" is %s: write 2026-01-31T23:59:59.5Z, or Unix seconds`, raw)
	}
	return event.TimeOf(time.Unix(sec, int64(nsec))), nil
}
