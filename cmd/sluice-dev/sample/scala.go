package sample

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// ScalaConfig is how the container sample runs.
type ScalaConfig struct {
	Dir         string  // gets the folders pods and containers
	Rate        float64 // lines a second
	Seed        uint64
	RotateBytes int64 // a log file's size at which it is rotated; default 256 KiB
	Keep        int   // rotated files kept; default 3
}

// Scala is a loan service with two replicas and a payment worker that log to
// container files.
type Scala struct {
	cfg  ScalaConfig
	rng  *rand.Rand
	pods []pod
	now  func() time.Time
}

// NewScala prepares the sample; Run writes.
func NewScala(cfg ScalaConfig) *Scala {
	if cfg.RotateBytes <= 0 {
		cfg.RotateBytes = 256 << 10
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 3
	}
	s := &Scala{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 1)), now: time.Now}
	set := s.hex(9)
	s.pods = []pod{
		s.pod("lending", "loan-api-"+set, "loan-api"),
		s.pod("lending", "loan-api-"+set, "loan-api"),
		s.pod("payments", "payment-worker-"+s.hex(9), "worker"),
	}
	return s
}

// Run writes until ctx ends.
func (s *Scala) Run(ctx context.Context) (err error) {
	var logs []*container
	defer func() {
		for _, c := range logs {
			err = errors.Join(err, c.close())
		}
	}()
	for _, p := range s.pods {
		c, err := openContainer(s.cfg.Dir, p, s.cfg.RotateBytes, s.cfg.Keep)
		if err != nil {
			return err
		}
		logs = append(logs, c)
	}
	return pace(ctx, s.cfg.Rate, func(context.Context) (int, error) {
		now := s.now()
		pod, stream, lines := s.event(now)
		for i, line := range lines {
			// A few microseconds lie between the lines of one event.
			if err := logs[pod].write(now.Add(time.Duration(i)*7*time.Microsecond), stream, []byte(line)); err != nil {
				return i, err
			}
		}
		return len(lines), nil
	})
}

func (s *Scala) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[s.rng.IntN(len(digits))]
	}
	return string(b)
}

func (s *Scala) pod(namespace, name, container string) pod {
	const letters = "bcdfghjklmnpqrstvwxz2456789" // as Kubernetes makes names
	suffix := make([]byte, 5)
	for i := range suffix {
		suffix[i] = letters[s.rng.IntN(len(letters))]
	}
	uid := fmt.Sprintf("%s-%s-4%s-a%s-%s", s.hex(8), s.hex(4), s.hex(3), s.hex(3), s.hex(12))
	return pod{namespace: namespace, name: name + "-" + string(suffix), uid: uid, container: container, id: s.hex(64)}
}

// event makes the lines of one thing that happened in one of the pods.
func (s *Scala) event(now time.Time) (pod int, stream string, lines []string) {
	if s.rng.IntN(3) == 0 {
		stream, lines = s.payment(now)
		return 2, stream, lines
	}
	pod = s.rng.IntN(2)
	switch n := s.rng.IntN(1000); {
	case n < 4:
		return pod, "stdout", []string{s.decision(now)}
	case n < 22:
		return pod, "stderr", s.failure(now)
	case n < 70:
		return pod, "stdout", []string{s.logback(now, "WARN", "c.e.l.scoring.ScoringClient",
			fmt.Sprintf("scoring answered slowly applicationId=%s took=%dms limit=800ms", s.application(), 800+s.rng.IntN(900)))}
	case n < 180:
		return pod, "stdout", []string{s.logback(now, "DEBUG", "c.e.l.db.LoanRepository",
			fmt.Sprintf("select from loans where state = ? returned %d rows in %d ms", s.rng.IntN(50), 1+s.rng.IntN(30)))}
	}
	return pod, "stdout", []string{s.logback(now, "INFO", "c.e.l.api.LoanRoutes", s.request())}
}

func (s *Scala) application() string { return fmt.Sprintf("APP-%06d", 100000+s.rng.IntN(40000)) }

func (s *Scala) logback(now time.Time, level, logger, text string) string {
	return fmt.Sprintf("%s %-5s [dispatcher-%d] %s - %s",
		now.UTC().Format("2006-01-02 15:04:05,000"), level, 3+s.rng.IntN(12), logger, text)
}

func (s *Scala) request() string {
	ms := 4 + int(s.rng.ExpFloat64()*35)
	switch s.rng.IntN(5) {
	case 0:
		return fmt.Sprintf("POST /v1/applications 201 applicationId=%s product=%s amount=%d.00 currency=EUR term=%d took=%dms", s.application(),
			[]string{"instalment", "overdraft", "invoice"}[s.rng.IntN(3)], 500+250*s.rng.IntN(60), 6*(1+s.rng.IntN(10)), ms)
	case 1:
		return fmt.Sprintf("application approved applicationId=%s score=%d rate=%.2f%%", s.application(), 520+s.rng.IntN(300), 3.9+s.rng.Float64()*8)
	case 2:
		return fmt.Sprintf("application declined applicationId=%s reason=%s", s.application(), []string{"score-below-limit", "income-not-verified", "open-dunning"}[s.rng.IntN(3)])
	}
	return fmt.Sprintf("GET /v1/loans/%d 200 took=%dms", 4000+s.rng.IntN(900), ms)
}

// failure is an exception with its stack trace, a CRI line each.
func (s *Scala) failure(now time.Time) []string {
	app := s.application()
	return []string{
		s.logback(now, "ERROR", "c.e.l.scoring.ScoringClient", "scoring failed applicationId="+app+" attempt=3, giving up"),
		"com.example.lending.scoring.ScoringUnavailable: no score for " + app,
		"\tat com.example.lending.scoring.ScoringClient.$anonfun$score$4(ScoringClient.scala:118)",
		"\tat scala.concurrent.impl.Promise$Transformation.run(Promise.scala:470)",
		"\tat akka.dispatch.BatchingExecutor$AbstractBatch.processBatch(BatchingExecutor.scala:63)",
		"\tat akka.dispatch.ForkJoinExecutorConfigurator$AkkaForkJoinTask.exec(ForkJoinExecutorConfigurator.scala:49)",
		"\tat java.base/java.util.concurrent.ForkJoinPool.runWorker(ForkJoinPool.java:1655)",
		"Caused by: java.util.concurrent.TimeoutException: GET http://scoring.risk.svc:8080/v2/score timed out after 2000 ms",
		"\tat com.example.lending.http.Client.$anonfun$get$1(Client.scala:57)",
		"\t... 6 common frames omitted",
	}
}

// payment is a line of the worker, which logs JSON.
func (s *Scala) payment(now time.Time) (stream string, lines []string) {
	id, level, message, more := fmt.Sprintf("PAY-%07d", s.rng.IntN(1e7)), "INFO", "payment settled", ""
	stream = "stdout"
	switch n := s.rng.IntN(100); {
	case n < 2:
		stream, level, message = "stderr", "ERROR", "payment rejected by the bank"
		more = fmt.Sprintf(`,"error":{"code":"AC0%d","retry":false}`, 1+s.rng.IntN(6))
	case n < 6:
		level, message, more = "WARN", "bank gateway busy, payment put back", fmt.Sprintf(`,"attempt":%d`, 1+s.rng.IntN(4))
	case n < 30:
		message = "direct debit scheduled"
	}
	return stream, []string{fmt.Sprintf(`{"timestamp":%q,"level":%q,"logger":"payments.Settlement","message":%q,"payment_id":%q,"amount":%d.%02d,"currency":"EUR","duration_ms":%d%s}`,
		now.UTC().Format(time.RFC3339Nano), level, message, id, 20+s.rng.IntN(900), s.rng.IntN(100), 3+int(s.rng.ExpFloat64()*60), more)}
}

// decision is the record of a credit decision, longer than one CRI line may be.
func (s *Scala) decision(now time.Time) string {
	b := fmt.Appendf(nil, `{"timestamp":%q,"level":"INFO","logger":"lending.DecisionAudit","message":"credit decision recorded","application_id":%q,"rules":[`,
		now.UTC().Format(time.RFC3339Nano), s.application())
	for i := range 300 + s.rng.IntN(300) {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"rule":"R%04d","outcome":%q,"weight":%.3f}`, i, []string{"pass", "pass", "refer"}[s.rng.IntN(3)], s.rng.Float64())
	}
	return string(append(b, "]}"...))
}
