package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"sluice/conf"
	"sluice/conf/fluent"
	"sluice/forwarder/catalog"
)

func TestFilterCases(t *testing.T) {
	for _, c := range filterCases() {
		f, err := c.make()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		ns, _, err := measureFilter(f, c.record, 1)
		if err != nil || ns <= 0 {
			t.Errorf("%s: %v ns, %v", c.name, ns, err)
		}
		if c.name != "redact" && !bytes.Contains(fluentdScript, []byte("'"+c.name+"' =>")) {
			t.Errorf("%s is not measured in Fluentd", c.name)
		}
	}
}

func TestTheLongConfigurationIsGood(t *testing.T) {
	text := longConf()
	root, problems := fluent.Parse("fluent.conf", text, fluent.Options{Worker: "0"})
	s := catalog.Default()
	problems = append(problems, catalog.FromTree(s, root)...)
	problems = append(problems, catalog.Check(&conf.Tree{Root: root}, s)...)
	if n := bytes.Count(text, []byte("\n")); n < startLines || n > startLines+20 || len(problems) > 0 {
		t.Errorf("%d lines, %v", n, problems)
	}
}

func TestFluentdsTimesAreRead(t *testing.T) {
	if times, err := fluentdTimes(t.Context(), ""); times != nil || err != nil {
		t.Errorf("%v, %v", times, err)
	}
	if _, err := fluentdTimes(t.Context(), "cat"); err == nil || !strings.Contains(err.Error(), "Fluentd") {
		t.Errorf("%v", err)
	}
	if _, err := fluentdTimes(context.Background(), "false"); err == nil {
		t.Error("what failed was believed")
	}
}
