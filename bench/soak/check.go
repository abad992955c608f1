package soak

import (
	"encoding/json"
	"fmt"
	"strings"

	"sluice/bench/mark"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/deadletter"
)

// deadMarks are the records in the dead letters of a data directory.
func deadMarks(data string) (map[mark.Mark]bool, error) {
	dead := map[mark.Mark]bool{}
	err := deadletter.Scan(deadletter.Dir(data), func(e *deadletter.Entry) error {
		if m, ok := mark.Read(e.Bytes()); ok {
			dead[m] = true
		}
		return nil
	})
	return dead, err
}

// savedPositions are the container files' positions in a data directory's
// checkpoint, by path.
func savedPositions(data string) (map[string]int64, error) {
	saved, _, err := checkpoint.Open(data)
	if err != nil {
		return nil, err
	}
	list := map[string]int64{}
	saved.Range(func(key string, val []byte) bool {
		var e struct {
			Path string `json:"path"`
			Off  int64  `json:"off"`
		}
		if strings.HasPrefix(key, "tail/") && json.Unmarshal(val, &e) == nil {
			list[e.Path] = e.Off
		}
		return true
	})
	return list, nil
}

// accounts compares the accounts on disk with what was made; empty: they come
// out. Every line is in its input's account once, however often it was read.
// Nothing can be said of the forward input's: what was acknowledged in the last
// second before a kill is not in it, and what a client sent again is there twice.
func (k *killer) accounts(made []int64) string {
	if !k.cfg.Tail {
		return ""
	}
	store, aside, err := checkpoint.Open(k.data)
	if err != nil || aside != "" {
		return fmt.Sprintf("the accounts cannot be read: %v %s", err, aside)
	}
	lines := int64(0)
	for _, n := range made[:fileCount] {
		lines += n
	}
	var in, out struct{ Delivered, Dropped int64 }
	for key, into := range map[string]any{"accounts/in/containers": &in, "accounts/out/elasticsearch": &out} {
		raw, _ := store.Get(key)
		if err := json.Unmarshal(raw, into); err != nil {
			return fmt.Sprintf("%s cannot be read: %v", key, err)
		}
	}
	// What a buffer on disk delivered in that second is not offered again, so
	// only a memory buffer's output has every line in its account.
	short := k.cfg.Buffer == "memory" && out.Delivered+out.Dropped < lines
	if in.Delivered != lines || in.Dropped != 0 || short {
		return fmt.Sprintf("of %d lines the accounts say %+v, and of the output %+v", lines, in, out)
	}
	return ""
}
