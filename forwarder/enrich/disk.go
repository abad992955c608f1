package enrich

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sluice/event"
)

// disk is the cache file, docs/format.md: a header line of JSON, then the
// content as JSON. It is a cache: what is wrong with it is reported, and it is
// written anew.
type disk struct{ dir string }

const (
	fileName = "pods"
	format   = "sluice-metadata"
	version  = 1
)

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	CRC32C  uint32 `json:"crc32c"` // of what follows the line
}

type content struct {
	Pods       []savedPod              `json:"pods"`
	Node       []event.Pair            `json:"node"` // labels
	Namespaces map[string][]event.Pair `json:"namespaces"`
}

type savedPod struct {
	Pod  *pod      `json:"pod"`
	Gone time.Time `json:"gone,omitzero"`
}

func sum(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

// load takes in the file, if there is one.
func (d disk) load(t *table) error {
	path := filepath.Join(d.dir, fileName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read metadata: %w", err)
	}
	c, err := decode(raw)
	if err != nil {
		return fmt.Errorf("cannot use %s: %w", path, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range c.Pods {
		t.pods[p.Pod.UID] = &known{pod: p.Pod, gone: p.Gone}
	}
	t.node = c.Node
	for name, labels := range c.Namespaces {
		t.spaces[name] = labels
	}
	return nil
}

func decode(raw []byte) (c content, err error) {
	head, body, _ := bytes.Cut(raw, []byte("\n"))
	var h header
	if err := json.Unmarshal(head, &h); err != nil || h.Format != format {
		return c, errors.New("it is no cache of metadata")
	}
	if h.Version > version {
		return c, fmt.Errorf("its format is version %d and this program knows up to %d", h.Version, version)
	}
	if sum(body) != h.CRC32C {
		return c, errors.New("it is damaged")
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return content{}, fmt.Errorf("it is damaged: %w", err)
	}
	for _, p := range c.Pods {
		if p.Pod == nil || p.Pod.UID == "" {
			return content{}, errors.New("it is damaged: a pod has no uid")
		}
	}
	return c, nil
}

// save writes the file if anything changed. A reader sees the old one or the
// new one. It is not fsynced: what a power cut takes is asked for again.
func (d disk) save(t *table) error {
	c, changed := t.snapshot()
	if !changed {
		return nil
	}
	err := d.write(c)
	if err != nil {
		t.mu.Lock()
		t.changed = true
		t.mu.Unlock()
		return fmt.Errorf("cannot write metadata: %w", err)
	}
	return nil
}

func (d disk) write(c content) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	head, err := json.Marshal(header{format, version, sum(body)})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(d.dir, fileName)
	if err := os.WriteFile(path+".tmp", append(append(head, '\n'), body...), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// snapshot copies what is saved; it never changes afterwards.
func (t *table) snapshot() (c content, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.changed {
		return c, false
	}
	t.changed = false
	c = content{Node: t.node, Namespaces: map[string][]event.Pair{}}
	for _, k := range t.pods {
		c.Pods = append(c.Pods, savedPod{k.pod, k.gone})
		if labels, ok := t.spaces[k.Namespace]; ok {
			c.Namespaces[k.Namespace] = labels
		}
	}
	return c, true
}
