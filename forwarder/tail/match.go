package tail

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sluice/event"
)

// match compares the names in a directory with the glob.
func (d *finder) match(path string) {
	in := d.dirs[path]
	names, same, ok := d.namesOf(path, in)
	if !ok || same && in.matched {
		return // what cannot be listed is not gone
	}
	failed, loose := d.failed, d.loose
	d.failed, d.loose = false, false
	defer func() {
		in.matched = !d.failed && !d.loose && d.t.cfg.Recent == 0
		d.failed, d.loose = d.failed || failed, d.loose || loose
	}()
	there := map[string]bool{}
	pattern := filepath.Base(d.t.cfg.Path)
	for _, name := range names {
		if ok, _ := filepath.Match(pattern, name); !ok {
			continue
		}
		if link := filepath.Join(path, name); !d.excluded(link) {
			there[link] = true
			d.found(link)
		}
	}
	for link := range d.links {
		if filepath.Dir(link) == path && !there[link] {
			d.vanished(link)
		}
	}
}

func (d *finder) excluded(path string) bool {
	for _, glob := range d.t.cfg.Exclude {
		name := path
		if filepath.Base(glob) == glob {
			name = filepath.Base(path)
		}
		if ok, _ := filepath.Match(glob, name); ok {
			return true
		}
	}
	return false
}

// found takes in a matching path, or notices that it points elsewhere now.
func (d *finder) found(link string) {
	target, _ := os.Readlink(link)
	if _, known := d.links[link]; known {
		if d.targets[link] == target {
			return
		}
		d.vanished(link)
	}
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		if d.loose = true; !errors.Is(err, fs.ErrNotExist) {
			d.failed = true
			d.t.complain("resolve", link, err)
		}
		return
	}
	g := d.groups[real]
	if g == nil {
		if d.old(real) {
			return
		}
		if g = d.newGroup(link, real); g == nil {
			d.links[link], d.targets[link] = nil, target
			return
		}
	}
	g.links++
	g.gone.Store(false)
	d.links[link], d.targets[link] = g, target
	d.todo[g.dir] = true
}

// vanished forgets a matching path.
func (d *finder) vanished(link string) {
	g := d.links[link]
	delete(d.links, link)
	delete(d.targets, link)
	if g == nil {
		return
	}
	if g.links--; g.links == 0 {
		g.gone.Store(true)
		d.todo[g.dir] = true
	}
}

// newGroup begins to follow a path; nil if it is what another one was rotated
// to, or our own log.
func (d *finder) newGroup(link, real string) *group {
	path, base := filepath.Dir(real), filepath.Base(real)
	if in := d.dirs[path]; in != nil {
		for _, g := range in.groups {
			if isSibling(g.base, base) {
				return nil
			}
		}
	}
	p := placeOf(real, hops(link))
	st, err := statPath(real)
	if p.pod != "" && p.pod == d.t.cfg.Self || err == nil && slices.Contains(d.own, st.id) {
		return nil // our own words: each would make others
	}
	shared := &event.Fragment{
		File: link, Namespace: p.namespace, Pod: p.pod, PodUID: p.uid, Container: p.container, ContainerID: p.containerID,
		Cluster: d.t.base.Cluster, Node: d.t.base.Node, Fields: d.t.base.Fields,
	}
	if p.docker {
		shared.Runtime = "docker"
	}
	g := &group{
		real: real, dir: path, base: base, tag: tagOf(d.t.cfg.Tag, link), place: p, pod: d.t.cfg.pod(shared), rules: d.t.rules,
		reader: d.t.readers[d.next%len(d.t.readers)], sights: map[fileID]sight{},
	}
	g.quota = d.t.cfg.quota(link)
	g.quota.join()
	g.idle.Store(true)
	d.next++
	in := d.dir(path)
	in.groups = append(in.groups, g)
	in.written = max(in.written, st.mtime)
	d.groups[real] = g
	return g
}
