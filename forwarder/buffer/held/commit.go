package held

import (
	"sluice/event"
)

// commit writes what waits, as far as there is room.
func (s *Store) commit() (n int, err error) {
	batch := s.pick()
	if len(batch) == 0 {
		return 0, nil
	}
	blocks := make([]*event.Block, 0, len(batch))
	for _, p := range batch {
		blocks = append(blocks, p.block)
	}
	refs, err := s.wal.Write(blocks)
	var acks []*event.Ack
	s.mu.Lock()
	s.alarm(err)
	for i, p := range batch {
		if err != nil {
			continue
		}
		p.ref, p.block = refs[i], nil
		acks = append(acks, p.ack)
		p.ack = nil
		if p.released {
			s.release(p)
		}
	}
	if err != nil {
		s.waiting = append(batch, s.waiting...)
	}
	s.mu.Unlock()
	for _, a := range acks {
		a.Done()
	}
	return len(batch), err
}

// pick takes what is to be written from those that wait.
func (s *Store) pick() (batch []*Part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room, n := s.wal.Room(), 0
	for _, p := range s.waiting {
		if !p.released {
			if room -= s.wal.Size(p.block); room < 0 {
				break // the rest's senders wait
			}
			batch = append(batch, p)
		}
		n++
	}
	s.waiting = append(s.waiting[:0:0], s.waiting[n:]...)
	return batch
}

// alarm tells, once, that the disk fails or works again. Called with mu held.
func (s *Store) alarm(err error) {
	switch {
	case err != nil && !s.failing:
		s.log.Error("records that a join holds open cannot be written down: their senders wait for acknowledgements", "error", err)
	case err == nil && s.failing:
		s.log.Info("records that a join holds open can be written down again")
	}
	s.failing = err != nil
}
