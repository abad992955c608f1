package tail

// poke says that something happened in a directory. It never blocks.
func (d *finder) poke(dir string) {
	d.mu.Lock()
	d.dirty[dir] = true
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// happened lists what was poked.
func (d *finder) happened() {
	dirty := d.poked()
	if d.general(dirty) {
		d.scan()
		return
	}
	d.look(dirty)
	d.hold()
}

// meanwhile lists what is poked while all is listed: a new log is not to wait for
// that.
func (d *finder) meanwhile() {
	select {
	case <-d.wake:
	default:
		return
	}
	if dirty := d.poked(); !d.general(dirty) {
		d.look(dirty)
	} else {
		d.poke("") // once more, after this
	}
}

// poked takes the directories where something happened.
func (d *finder) poked() map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirty := d.dirty
	d.dirty = map[string]bool{}
	return dirty
}

// general reports whether everything is to be listed.
func (d *finder) general(dirty map[string]bool) bool {
	for path := range dirty {
		if in := d.dirs[path]; path == "" || in != nil && in.above {
			return true
		}
	}
	return false
}

// look lists directories, and those of the logs that come to light in them.
func (d *finder) look(dirty map[string]bool) {
	for path := range dirty {
		d.todo[path] = true
		if in := d.dirs[path]; in != nil && in.glob {
			d.match(path)
		}
	}
	for path := range d.todo {
		d.list(path)
	}
	clear(d.todo)
}
