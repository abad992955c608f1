package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	aggregator = "sluice-aggregator"
	replicas   = 2
)

// withAggregators is the chart's one switch, with the secrets that
// prepareAggregators makes.
var withAggregators = []string{
	"--set", fmt.Sprintf("aggregator.enabled=true,aggregator.replicas=%d", replicas),
	"--set", "aggregator.auth.existingSecret=sluice-forward,aggregator.tls.existingSecret=sluice-aggregator-tls",
	"--set", "aggregator.resources.requests.cpu=10m",
}

// aggregate puts aggregators between the agents and the store, under load:
// then all of them are replaced, and one is killed.
func (t *test) aggregate(ctx context.Context) error {
	if err := t.prepareAggregators(ctx); err != nil {
		return err
	}
	if err := t.helm(ctx, "3", withAggregators...); err != nil {
		return err
	}
	if err := t.aggregatorsUp(ctx); err != nil {
		return err
	}
	t.say("replacing the aggregators")
	if err := kubectl(ctx, "", "rollout", "restart", "--namespace", "logging", "statefulset/"+aggregator); err != nil {
		return err
	}
	if err := t.aggregatorsUp(ctx); err != nil {
		return err
	}
	t.say("killing an aggregator")
	return t.kill(ctx, "aggregator")
}

func (t *test) aggregatorsUp(ctx context.Context) error {
	return kubectl(ctx, "", "rollout", "status", "--namespace", "logging", "statefulset/"+aggregator, "--timeout", t.o.patience.String())
}

// prepareAggregators makes what a cluster has and this node has not: volumes;
// and what whoever installs the chart makes: secrets.
func (t *test) prepareAggregators(ctx context.Context) error {
	var volumes strings.Builder
	for n := range replicas {
		dir := filepath.Join(t.o.node, fmt.Sprint("volume-", n))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("cannot make a volume: %w", err)
		}
		if err := os.Chown(dir, 65532, 65532); err != nil { // fsGroup does this for volumes of other kinds
			return fmt.Errorf("cannot make a volume: %w", err)
		}
		fmt.Fprintf(&volumes, `
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: data-%[1]d }
spec:
  capacity: { storage: 10Gi }
  accessModes: [ReadWriteOnce]
  claimRef: { namespace: logging, name: data-%[2]s-%[1]d }
  hostPath: { path: %[3]s }
`, n, aggregator, dir)
	}
	if err := kubectl(ctx, volumes.String(), "apply", "-f", "-"); err != nil {
		return err
	}
	if err := kubectl(ctx, "", "create", "secret", "generic", "sluice-forward", "--namespace", "logging", "--from-literal=shared_key=of the test"); err != nil {
		return err
	}
	crt, key := filepath.Join(t.o.node, "aggregator.crt"), filepath.Join(t.o.node, "aggregator.key")
	name := aggregator + "-each.logging.svc"
	if err := command(ctx, "", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", "/CN="+name, "-addext", "subjectAltName=DNS:"+name, "-keyout", key, "-out", crt); err != nil {
		return err
	}
	return kubectl(ctx, "", "create", "secret", "generic", "sluice-aggregator-tls", "--namespace", "logging",
		"--from-file=tls.crt="+crt, "--from-file=tls.key="+key, "--from-file=ca.crt="+crt)
}
