package sample

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
)

// RailsConfig is how the Forward protocol's sample runs.
type RailsConfig struct {
	Addr string  // host:port of a Forward input
	Rate float64 // records a second
	Seed uint64
}

// Rails is a web application of several processes, each with its own Fluent
// logger for Go, which waits for the acknowledgement of every record.
type Rails struct {
	cfg RailsConfig
	rng *rand.Rand
	now func() time.Time
}

const (
	railsTag  = "app.rails"
	ackWait   = 5 * time.Second // until the logger calls a record failed
	reconnect = 500 * time.Millisecond
	// An acknowledgement may take a second: that is how long an agent collects
	// records for one request.
	maxProcesses = 256
)

// request is one web request, to be logged.
type request struct {
	at     time.Time
	record map[string]any
}

// NewRails prepares the sample; Run connects.
func NewRails(cfg RailsConfig) *Rails {
	return &Rails{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 2)), now: time.Now}
}

// Run sends until ctx ends. While nobody listens it tries again. After ctx it
// waits for the acknowledgements that are still to come, at most ackWait.
func (r *Rails) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(r.cfg.Addr)
	if err != nil {
		return fmt.Errorf("cannot read the forward address: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("cannot read the forward address's port: %w", err)
	}
	logger := fluent.Config{
		FluentHost: host, FluentPort: n, RequestAck: true, SubSecondPrecision: true,
		ReadTimeout: ackWait, WriteTimeout: ackWait, MaxRetry: 1,
	}
	requests := make(chan request)
	var wg sync.WaitGroup
	for range min(maxProcesses, 1+int(2*r.cfg.Rate)) {
		wg.Go(func() { process(ctx, logger, requests) })
	}
	err = pace(ctx, r.cfg.Rate, func(ctx context.Context) (int, error) {
		select {
		case requests <- request{r.now(), r.record()}:
		case <-ctx.Done():
		}
		return 1, nil
	})
	close(requests)
	wg.Wait()
	return err
}

// process is one process of the application: it logs one request after the
// other and tries until a record is acknowledged or ctx ends.
func process(ctx context.Context, cfg fluent.Config, requests <-chan request) {
	var logger *fluent.Fluent
	defer func() {
		if logger != nil {
			_ = logger.Close() // every record was acknowledged or given up
		}
	}()
	for q := range requests {
		for {
			var err error
			if logger == nil {
				if logger, err = fluent.New(cfg); err != nil {
					logger = nil // it returns one that has no connection
				}
			}
			if err == nil {
				err = logger.PostWithTime(railsTag, q.at, q.record)
			}
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(reconnect):
			}
		}
	}
}

var routes = []struct{ method, path, controller, action string }{
	{"GET", "/loans/%d", "LoansController", "show"},
	{"GET", "/loans/%d", "LoansController", "show"},
	{"GET", "/accounts/%d/statements", "StatementsController", "index"},
	{"POST", "/applications", "ApplicationsController", "create"},
	{"PATCH", "/applications/%d", "ApplicationsController", "update"},
	{"GET", "/dashboard", "DashboardController", "index"},
	{"POST", "/payments", "PaymentsController", "create"},
	{"GET", "/healthz", "HealthController", "show"},
}

// record makes the record of one web request.
func (r *Rails) record() map[string]any {
	route := routes[r.rng.IntN(len(routes))]
	path := route.path
	if id := 4000 + r.rng.IntN(900); route.action == "show" && path != "/healthz" || route.action == "update" || route.controller == "StatementsController" {
		path = fmt.Sprintf(path, id)
	}
	db := r.rng.ExpFloat64() * 9
	took := 3 + db + r.rng.ExpFloat64()*25
	status, level := 200, "info"
	switch n := r.rng.IntN(100); {
	case n < 2:
		status, level = 500, "error"
	case n < 5:
		status, level = 422, "warn"
	case n < 8:
		status = 404
	case route.method == "POST":
		status = 201
	}
	rec := map[string]any{
		"level": level, "app": "customer-portal", "env": "staging", "method": route.method, "path": path, "status": status,
		"controller": route.controller, "action": route.action, "duration_ms": round(took), "db_ms": round(db),
		"request_id": fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", r.rng.Uint32(), r.rng.IntN(1<<16), r.rng.IntN(1<<12), r.rng.IntN(1<<12), r.rng.Uint64()>>16),
		"params":     r.params(route.action),
		"message":    fmt.Sprintf("%s %s %d %s#%s in %.0f ms", route.method, path, status, route.controller, route.action, took),
	}
	if status == 500 {
		rec["exception"] = exceptions[r.rng.IntN(len(exceptions))]
	}
	return rec
}

func round(ms float64) float64 { return float64(int(ms*100)) / 100 }

func (r *Rails) params(action string) map[string]any {
	p := map[string]any{"locale": []string{"en", "de", "fr"}[r.rng.IntN(3)]}
	if action == "create" || action == "update" {
		p["application"] = map[string]any{
			"amount": 500 + 250*r.rng.IntN(60), "term_months": 6 * (1 + r.rng.IntN(10)), "purpose": []string{"car", "home", "study"}[r.rng.IntN(3)],
			"documents": []string{"income", "id_check"},
		}
	}
	return p
}

var exceptions = []map[string]any{
	{
		"class": "ActiveRecord::LockWaitTimeout", "message": "Lock wait timeout exceeded; try restarting transaction",
		"backtrace": "app/models/repayment_plan.rb:88:in `block in rebuild!'\n" +
			"activerecord (7.1.3) lib/active_record/transactions.rb:209:in `transaction'\n" +
			"app/models/repayment_plan.rb:84:in `rebuild!'\n" +
			"app/services/payments/book.rb:31:in `call'\n" +
			"app/controllers/payments_controller.rb:19:in `create'\n" +
			"actionpack (7.1.3) lib/action_controller/metal/basic_implicit_render.rb:6:in `send_action'",
	},
	{
		"class": "NoMethodError", "message": "undefined method `due_on' for nil:NilClass",
		"backtrace": "app/views/loans/_schedule.html.erb:12:in `block in _app_views_loans__schedule_html_erb'\n" +
			"app/views/loans/show.html.erb:40:in `_app_views_loans_show_html_erb'\n" +
			"actionview (7.1.3) lib/action_view/base.rb:264:in `_run'\n" +
			"app/controllers/loans_controller.rb:27:in `show'",
	},
}
