package elastic

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
)

// Sink implements forwarder.Sink. It starts no goroutine of its own.
type Sink struct {
	log     *slog.Logger
	own     bool // ids
	ecs     bool // schema; else fluentd
	like    Like
	asks    bool // records may name their id, routing or index
	gzip    bool
	timeout time.Duration

	dataset, namespace string // of data streams
	target             target // empty: data streams
	dates              dateReader
	bare               *fragment
	fragmentOf         func(*event.Fragment) any
	encoders           sync.Pool // of *encoder

	gzips   gzips
	answers sync.Pool // of *answer
	doubt   doubt

	nodes     nodes
	transport *http.Transport
	auth      credentials
	seconds   prometheus.Histogram
}

// New checks the settings and reads the CA file; nothing is connected before
// the first Deliver.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Sink, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	urls, auth, err := cfg.addresses()
	if err != nil {
		return nil, err
	}
	s := &Sink{
		log:       log,
		own:       cfg.IDs == "own",
		ecs:       cfg.Schema == "ecs",
		like:      cfg.Like,
		asks:      cfg.Like.Theirs.asks(),
		gzip:      cfg.Compression == "gzip",
		timeout:   cfg.RequestTimeout,
		dataset:   cfg.DataStream.Dataset,
		namespace: cleanPart(cfg.DataStream.Namespace, "default"),
		auth:      cfg.credentials(auth),
	}
	if cfg.Index == "" && !s.ecs {
		cfg.Index = logstashIndex
	}
	if s.target, err = parseTarget(cfg.Index); err != nil {
		return nil, err
	}
	if s.dates, err = cfg.Like.Dates.reader(); err != nil {
		return nil, err
	}
	s.doubt.raise(time.Now().Add(grace))
	s.fragmentOf = s.makeFragment
	s.bare = s.makeFragment(&event.Fragment{}).(*fragment)
	s.encoders.New = func() any { return &encoder{sink: s, keys: make(map[string]string)} }
	s.answers.New = func() any { return new(answer) }
	if s.transport, err = newTransport(cfg.CA, cfg.Like); err != nil {
		return nil, err
	}
	if s.nodes, err = newNodes(urls, s.transport); err != nil {
		return nil, err
	}
	s.seconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                            "sluice_output_request_seconds",
		Help:                            "Time from the start of a request to the end of its answer or its failure.",
		Buckets:                         []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 90},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	})
	if err := reg.Register(s.seconds); err != nil {
		return nil, fmt.Errorf("cannot register metric sluice_output_request_seconds: %w", err)
	}
	return s, nil
}

// newTransport speaks HTTP/1.1 only: one HTTP/2 connection would tie all load
// to one server behind a balancer. Answers are not asked for compressed: a few
// dozen bytes an item are cheaper than two gzips.
func newTransport(ca string, like Like) (*http.Transport, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: like.Insecure}
	if like.ClientCert != "" {
		pair, err := tls.LoadX509KeyPair(like.ClientCert, like.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("cannot read the client's certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("cannot read elasticsearch.ca: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("elasticsearch.ca %s holds no certificate: want PEM blocks of type CERTIFICATE", ca)
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     conf,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     60 * time.Second, // balancers cut idle connections later than that
		DisableCompression:  true,
		WriteBufferSize:     32 << 10,
	}, nil
}

// Close closes idle connections. Requests under way are not touched.
func (s *Sink) Close() { s.transport.CloseIdleConnections() }
