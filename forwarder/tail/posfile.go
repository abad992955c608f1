package tail

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
)

// posFile is what Fluentd's in_tail left: how far it had read each path, and
// which inode that was. It is taken over at the first start, so that a node
// that changes over neither reads again nor skips.
type posFile struct {
	saved int64 // Unix nanoseconds
	paths map[string]posEntry
}

type posEntry struct {
	off int64
	ino uint64
}

// readPosFile reads it; nil if there is none.
func readPosFile(path string) (*posFile, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read Fluentd's positions: %w", err)
	}
	st, err := statPath(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read Fluentd's positions: %w", err)
	}
	return &posFile{st.mtime, parsePosFile(text)}, nil
}

// parsePosFile reads lines of a path, a tab, the position and, after another
// tab, the inode, both in 16 hexadecimal digits (in_tail/position_file.rb of
// Fluentd). The last line of a path counts; a position of all ones stands for a
// file that is not followed any more. What is no such line is passed over.
func parsePosFile(text []byte) map[string]posEntry {
	paths := map[string]posEntry{}
	for line := range bytes.Lines(text) {
		parts := bytes.Split(bytes.TrimRight(line, "\r\n"), []byte("\t"))
		if len(parts) < 3 {
			continue
		}
		off, errOff := strconv.ParseUint(string(parts[len(parts)-2]), 16, 64)
		ino, errIno := strconv.ParseUint(string(parts[len(parts)-1]), 16, 64)
		if errOff != nil || errIno != nil {
			continue
		}
		path := string(bytes.Join(parts[:len(parts)-2], []byte("\t")))
		if off == math.MaxUint64 {
			delete(paths, path)
		} else if off <= math.MaxInt64 {
			paths[path] = posEntry{int64(off), ino}
		}
	}
	return paths
}

// begin sets where each file of a listing begins to be read, if Fluentd has
// read the log before: the file it had open where it stopped, older ones not at
// all, younger ones from the beginning.
func (p *posFile) begin(g *group, links []string, obs []observed) {
	if p == nil {
		return
	}
	var known posEntry
	found := false
	for _, link := range append(links, g.real) {
		if e, ok := p.paths[link]; ok {
			known, found = e, true
		}
	}
	if !found {
		return
	}
	at := -1
	for n := range obs {
		if obs[n].id.ino == known.ino && obs[n].size >= known.off && !obs[n].packed {
			at = n
		}
	}
	for n := range obs {
		switch ob := &obs[n]; {
		case n == at:
			ob.from = known.off
		case n < at, at < 0 && !ob.live && ob.mtime <= p.saved:
			ob.from = math.MaxInt64
		default:
			ob.from = 0
		}
	}
}

// linksOf are the matching paths of a group.
func (d *finder) linksOf(g *group) (links []string) {
	for link, of := range d.links {
		if of == g {
			links = append(links, link)
		}
	}
	return links
}
