package forward

import (
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"sluice/secret"
)

const (
	// Without heartbeats a server that is down is tried with one real chunk
	// after firstProbe, then after twice as long, up to lastProbe.
	firstProbe = time.Second
	lastProbe  = time.Minute
)

// proof is what the handshake shows; the zero proof: there is none.
type proof struct {
	user          string
	key, password *secret.Value
}

// with is p, or where something is said what files and texts say.
func (p proof) with(files *secret.Files, key, user, password string) proof {
	if key != "" {
		p.key = files.Value("shared_key", key)
	}
	if user != "" {
		p.user, p.password = user, files.Value("password", password)
	}
	return p
}

// server is one server and what is known of its health.
type server struct {
	host    string
	port    int
	name    string // for logs, with the address
	tlsName string // what its certificate must be for
	weight  int
	standby bool
	proof   proof
	secrets [3]string // what proof is made of
	pool    pool

	// The group's mutex guards what follows.
	current  int       // of the weighted round robin
	down     bool      //
	failed   int       // failures in a row
	probe    time.Time // when a server that is down is tried again
	heard    time.Time // the last success of any kind
	rhythm   rhythm    // of those
	since    time.Time // down: the first heartbeat of those that were answered in a row; zero: none was
	beating  bool      // a heartbeat is under way
	deserted bool      // no longer among the servers
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// group chooses among servers.
type group struct {
	now         func() time.Time
	beats       bool // heartbeats tell when a server is up again
	hardTimeout time.Duration
	phi         float64 // above it a silent server is down; 0: it is not looked at
	interval    time.Duration
	recoverWait time.Duration

	mu   sync.Mutex
	list []*server
}

// set replaces the servers; of those that stay, what is known stays. Those that
// are left over are returned.
func (g *group) set(list []*server) (gone []*server) {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.list
	g.list = nil
	for _, s := range list {
		same := func(o *server) bool {
			return o.host == s.host && o.port == s.port && o.tlsName == s.tlsName && o.secrets == s.secrets
		}
		if i := slices.IndexFunc(old, same); i >= 0 {
			old[i].weight, old[i].standby = s.weight, s.standby
			s, old = old[i], slices.Delete(slices.Clone(old), i, i+1)
		} else {
			s.heard = g.now()
		}
		g.list = append(g.list, s)
	}
	for _, s := range old {
		s.deserted = true
	}
	return old
}

// servers are the present ones.
func (g *group) servers() []*server {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.list)
}

// pick chooses the server for one chunk: by weight among those that are up;
// standby ones make up for the weight of those that are down. A server whose
// probe is due gets one chunk. When none is left, the one is taken whose probe
// is due first: somebody must find out. nil: all were tried.
func (g *group) pick(tried []*server) *server {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	best := balance(g.active(now), tried)
	if best == nil {
		for _, s := range g.list {
			if s.weight > 0 && !slices.Contains(tried, s) && (best == nil || s.probe.Before(best.probe)) {
				best = s
			}
		}
	}
	if best != nil && best.down {
		best.postpone(now)
	}
	return best
}

// active are the servers that chunks may go to.
func (g *group) active(now time.Time) (list []*server) {
	lost := 0
	for _, s := range g.list {
		switch {
		case s.standby || s.weight == 0:
		case g.usable(s, now):
			list = append(list, s)
		default:
			lost += s.weight
		}
	}
	for _, s := range g.list {
		if s.standby && s.weight > 0 && lost > 0 && g.usable(s, now) {
			list = append(list, s)
			lost -= s.weight
		}
	}
	return list
}

func (g *group) usable(s *server, now time.Time) bool {
	return !s.down || !g.beats && !s.probe.After(now)
}

// balance is smooth weighted round robin: every server gains its weight, the
// one that has most is taken and pays the weight of all.
func balance(list, tried []*server) (best *server) {
	total := 0
	for _, s := range list {
		if slices.Contains(tried, s) {
			continue
		}
		total += s.weight
		s.current += s.weight
		if best == nil || s.current > best.current {
			best = s
		}
	}
	if best != nil {
		best.current -= total
	}
	return best
}

// mark notes how a delivery or an attempt to connect ended. changed: the server
// is up, or down, from now on.
func (g *group) mark(s *server, ok bool) (changed, up bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if ok {
		changed = s.down
		g.hear(s, now)
		return changed, true
	}
	return g.fail(s, now), false
}

// hear notes that a server is well.
func (g *group) hear(s *server, now time.Time) {
	if s.down {
		s.rhythm = nil // what was before tells nothing of now
	} else {
		s.rhythm.note(now.Sub(s.heard), g.interval)
	}
	s.down, s.failed, s.heard = false, 0, now
}

// silent reports whether nothing was heard of a server for too long.
func (g *group) silent(s *server, now time.Time) bool {
	silence := now.Sub(s.heard)
	return g.hardTimeout > 0 && silence > g.hardTimeout || g.phi > 0 && s.rhythm.phi(silence, g.interval) > g.phi
}

func (g *group) fail(s *server, now time.Time) (changed bool) {
	s.failed++
	s.since = time.Time{}
	changed, s.down = !s.down, true
	s.postpone(now)
	return changed
}

func (s *server) postpone(now time.Time) {
	s.probe = now.Add(min(firstProbe<<min(max(s.failed-1, 0), 16), lastProbe))
}

// quiet are the servers that a heartbeat is due for: nothing was heard of them
// for the interval. Each must be answered for by beat.
func (g *group) quiet(interval time.Duration) (list []*server) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for _, s := range g.list {
		if !s.beating && (s.down || now.Sub(s.heard) >= interval) {
			s.beating = true
			list = append(list, s)
		}
	}
	return list
}

// beat notes how a heartbeat ended. A failed one alone proves nothing: the
// server is down when nothing was heard of it for too long.
func (g *group) beat(s *server, ok bool) (changed, up bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	s.beating = false
	switch {
	case s.deserted:
		return false, !s.down
	case !ok:
		s.since = time.Time{}
		if !s.down && g.silent(s, now) {
			return g.fail(s, now), false
		}
		return false, !s.down
	case !s.down:
		g.hear(s, now)
		return false, true
	case s.since.IsZero():
		s.since = now
	}
	if now.Sub(s.since) < g.recoverWait {
		return false, false
	}
	g.hear(s, now)
	return true, true
}
