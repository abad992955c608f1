package agent

import (
	"context"
	"crypto/tls"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/admin"
	"sluice/forwarder"
	"sluice/forwarder/catalog"
	"sluice/forwarder/ledger"
	"sluice/tlsfiles"
)

// server is one of the addresses that operators ask, with its certificates.
type server struct {
	*admin.Server
	certs *tlsfiles.Files // nil: plain HTTP
}

func newServer(section, addr string, c admin.TLS, h http.Handler, o Options, reg *prometheus.Registry) (*server, error) {
	certs, err := catalog.Certificates(section, c, o.Log, reg)
	if err != nil {
		return nil, err
	}
	var conf *tls.Config
	if certs != nil {
		conf = certs.Server()
	}
	return &server{admin.New(section+".listen", addr, conf, h, o.Log), certs}, nil
}

// run serves until ctx ends, with the certificates as they are renewed.
func (s *server) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	if s.certs != nil {
		wg.Go(func() { s.certs.Run(ctx) })
	}
	return s.Run(ctx)
}

// listen takes the addresses. One in use is an error at start; but not the
// API's: on a node Fluentd's monitor_agent may have the same one, and logs are
// worth more than a look at them.
func (a *Agent) listen(s *catalog.Settings, o Options, reg *prometheus.Registry, led *ledger.Ledger) (err error) {
	if s.Metrics.Listen != "" {
		a.metrics, err = newServer("metrics", s.Metrics.Listen, s.Metrics.TLS, admin.Metrics(reg, a.health), o, reg)
		if err == nil {
			err = a.metrics.Listen()
		}
		if err != nil {
			return err
		}
	}
	if s.Admin.Listen != "" {
		if err := s.Admin.Check(); err != nil {
			return err
		}
		a.api, err = newServer("admin", s.Admin.Listen, s.Admin.TLS, admin.API(s.Admin, a.views(s, o, led), o.Log), o, reg)
		if err != nil {
			return err
		}
		if err := a.api.Listen(); err != nil {
			a.log.Warn("the agent runs without its admin API", "error", err)
			a.api = nil
		}
	}
	return a.parts.Listen()
}

// status is the view of that name.
type status struct {
	Version     string                    `json:"version"`
	Started     time.Time                 `json:"started"`
	Uptime      float64                   `json:"uptime_seconds"`
	DataDir     string                    `json:"data_dir"`
	Healthy     string                    `json:"healthy"` // ok, or why not
	Ready       string                    `json:"ready"`   // ok, or why not
	Inputs      map[string]ledger.Account `json:"inputs"`
	Outputs     map[string]ledger.Account `json:"outputs"`
	DeadLetters map[string]int64          `json:"dead_letters"`
}

// accountsView is the view ledger: who has what, and whether it adds up.
type accountsView struct {
	Inputs  map[string]ledger.Account `json:"inputs"`
	Outputs map[string]ledger.Account `json:"outputs"`
	Streams []ledger.StreamState      `json:"streams"`
	AddsUp  string                    `json:"adds_up"` // ok, or what does not
}

// views are what the API shows, by name.
func (a *Agent) views(s *catalog.Settings, o Options, led *ledger.Ledger) map[string]func() any {
	started := time.Now()
	return map[string]func() any{
		"status": func() any {
			bytes, written, dropped := a.dead.Stats()
			return status{
				Version: o.Version, Started: started, Uptime: time.Since(started).Seconds(), DataDir: s.DataDir,
				Healthy: okOr(a.health.Healthy()), Ready: okOr(a.health.Ready()),
				Inputs: led.Accounts(), Outputs: outputs(a.forward.Lanes()),
				DeadLetters: map[string]int64{"bytes": bytes, "written": written, "dropped": dropped},
			}
		},
		"ledger": func() any {
			return accountsView{led.Accounts(), outputs(a.forward.Lanes()), led.Streams(), okOr(led.Check())}
		},
		"streams": func() any { return led.Streams() },
		"lanes": func() any {
			list := []forwarder.LaneState{}
			for _, l := range a.forward.Lanes() {
				list = append(list, l.State())
			}
			return list
		},
	}
}

func outputs(lanes []*forwarder.Lane) map[string]ledger.Account {
	list := map[string]ledger.Account{}
	for _, l := range lanes {
		list[l.Name()] = l.Account()
	}
	return list
}

func okOr(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}
