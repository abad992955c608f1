package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// component is the selector of the chart's pods of a kind.
func component(kind string) string { return "app.kubernetes.io/component=" + kind }

// metrics returns what each pod of the kind says of itself, by the pod's name.
func metrics(ctx context.Context, kind string) (map[string]string, error) {
	out, err := capture(ctx, "kubectl", "get", "pods", "--namespace", "logging", "--selector", component(kind),
		"--output", `jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\n"}{end}`)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		name, ip, ok := strings.Cut(line, " ")
		if !ok || ip == "" {
			continue
		}
		text, err := capture(ctx, "curl", "--silent", "--fail", "--max-time", "10", "http://"+ip+":24231/metrics")
		if err != nil {
			return texts, err
		}
		texts[name] = text
	}
	return texts, nil
}

// value finds a sample by its name and labels, as they are written.
func value(text, name string) float64 {
	_, rest, _ := strings.Cut(text, "\n"+name+" ")
	number, _, _ := strings.Cut(rest, "\n")
	v, _ := strconv.ParseFloat(number, 64)
	return v
}

// measure prints what the agent takes, as its own metrics say.
func (t *test) measure(ctx context.Context) error {
	texts, err := metrics(ctx, "agent")
	if err != nil {
		return err
	}
	for _, text := range texts {
		for _, name := range []string{"process_resident_memory_bytes", "process_cpu_seconds_total", "sluice_kubernetes_pods", "sluice_kubernetes_waits_given_up_total"} {
			t.say("%s %g", name, value(text, name))
		}
	}
	if len(texts) == 0 {
		return fmt.Errorf("there is no agent")
	}
	return nil
}

// aggregated fails unless the records took the way through the aggregators.
func (t *test) aggregated(ctx context.Context) error {
	texts, err := metrics(ctx, "aggregator")
	if err != nil {
		return err
	}
	sum := 0.0
	for _, text := range texts {
		sum += value(text, `sluice_input_records_total{source="forward"}`)
	}
	t.say("%g records since their last start", sum)
	if sum == 0 {
		return errors.New("nothing went through them")
	}
	return nil
}

// most is what pods of a kind took at the most.
type most struct{ memory, lag float64 }

// watch looks at the pods now and then until ctx ends; those that are away are
// passed over.
func (t *test) watch(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		for kind, m := range t.found {
			texts, _ := metrics(ctx, kind)
			for _, text := range texts {
				m.memory, m.lag = max(m.memory, value(text, "process_resident_memory_bytes")), max(m.lag, value(text, "sluice_tail_lag_bytes"))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
