package tail

import "time"

// old reports whether a log is not to be begun, as nobody wrote to it of late. One
// that has a position was begun before. It is looked at again with each listing.
func (d *finder) old(real string) bool {
	if d.t.cfg.Recent <= 0 {
		return false
	}
	for _, e := range d.entries {
		if e.Path == real {
			return false
		}
	}
	st, err := statPath(real)
	return err == nil && d.outdated(st.mtime)
}

// outdated reports whether a time, in nanoseconds, is too long ago.
func (d *finder) outdated(mtime int64) bool {
	limit := d.t.cfg.Recent
	return limit > 0 && time.Since(time.Unix(0, mtime)) > limit
}
