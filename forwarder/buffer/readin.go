package buffer

import (
	"time"

	"sluice/forwarder/buffer/wal"
)

// readIn looks through the files that were found, one after the other, while
// the buffer already works. Until it is done nothing newer is leased (with
// NewestFirst: nothing older).
func (m *Buffer) readIn(stopped func() bool) {
	var report wal.Report
	told, all := time.Now(), len(m.unread)
	for i := 0; i < all && !stopped(); i++ {
		u := m.unread[0]
		err := m.wal.ReadIn(u, &report, m.adopt)
		if err != nil {
			m.cfg.Log.Error("a file of the disk buffer cannot be used as it is", "file", u.Path(), "error", err)
		}
		m.mu.Lock()
		m.unread = m.unread[1:]
		m.unswept = true // it may hold nothing any more
		m.wake()
		m.mu.Unlock()
		m.nudge()
		if time.Since(told) > time.Second {
			told = time.Now()
			m.cfg.Log.Info("reading the disk buffer", "files", i+1, "of", all, "records", report.Records)
		}
	}
	if report.Torn > 0 {
		m.cfg.Log.Warn("the disk buffer ends in a commit that was not finished: nothing in it was acknowledged", "bytes", report.Torn)
	}
	if report.Records > 0 {
		m.cfg.Log.Info("records found in the disk buffer", "records", report.Records, "files", report.Segments, "bytes", report.Bytes)
	}
}

// adopt queues a block that was found.
func (m *Buffer) adopt(f wal.Found) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue(f.Key)
	if n := len(q.old); n == 0 || q.loading || !m.join(q.old[n-1], f.Ref, int(f.Body), f.Weight) {
		q.old = append(q.old, m.begin(f.Ref, int(f.Body), f.Weight, 0))
		m.share.Take("", spanCharge)
	}
	q.bytes += int(f.Body)
	m.records += int(f.Weight)
	m.evicted += int(f.Weight)
	m.stats.Recovered += uint64(f.Weight)
}
