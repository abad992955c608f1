package tail

import (
	"slices"
	"testing"
)

func TestPlaceOf(t *testing.T) {
	link := "/var/log/containers/web-5d_prod_app-" + testID + ".log"
	pod := "/var/log/pods/prod_web-5d_" + testUID + "/app/3.log"
	json := "/var/lib/docker/containers/" + testID + "/" + testID + "-json.log"
	whole := place{pod: "web-5d", namespace: "prod", uid: testUID, container: "app", containerID: testID, restart: "3"}
	for _, c := range []struct {
		name string
		hops []string
		want place
	}{
		{"containerd", []string{link, pod}, whole},
		{"docker", []string{link, pod, json}, func() place { p := whole; p.docker = true; return p }()},
		{"only the link", []string{link}, place{pod: "web-5d", namespace: "prod", container: "app", containerID: testID}},
		{
			"a static pod",
			[]string{"/var/log/pods/default_web-node-a_235dc8496e16458650a8fc9111bb6204/crash/2.log"},
			place{pod: "web-node-a", namespace: "default", uid: "235dc8496e16458650a8fc9111bb6204", container: "crash", restart: "2"},
		},
		{"some other file", []string{"/var/log/nginx/access_log_x.log"}, place{}},
		{"an id that is none", []string{"/var/log/containers/a_b_c-0123.log"}, place{}},
	} {
		real := c.hops[len(c.hops)-1]
		c.want.path = real
		if got := placeOf(real, c.hops); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestIsSibling(t *testing.T) {
	for name, want := range map[string]bool{
		"0.log.20261122-200054": true, "0.log.1": true, "0.log-20261122": true, "0.log": false, "0.log.": false, "0.log.gz": false,
		"0.log.20261122-200051.gz": true, "0.log.2.gz": true, "0.log.gz.1.tmp": false, "0.log.20261122-200051.tmp": false, "0.log.1.zst": false, "0.log.bak": false, "10.log.1": false, "0.logs.1": false,
	} {
		if got := isSibling("0.log", name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOlderNames(t *testing.T) {
	want := []string{"x.log.10", "x.log.9", "x.log.2", "x.log.1"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, func(a, b string) int { return less(olderName(a, b)) })
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if !olderName("0.log.20261122-200051", "0.log.20261122-200054") || !olderName("x.log.20261121", "x.log.20261122") {
		t.Error("dates count up")
	}
}

func TestTagOf(t *testing.T) {
	for _, c := range [][3]string{
		{"kubernetes.*", "/var/log/containers/a_b_c-1.log", "kubernetes.var.log.containers.a_b_c-1.log"},
		{"*", "/var//log/..x.log", "var.log.x.log"},
		{"a.*.b", "/x", "a.x.b"},
		{"fixed", "/x", "fixed"},
	} {
		if got := tagOf(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	ok := DefaultConfig()
	if err := ok.check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"glob":      func(c *Config) { c.Path = "/var/[" },
		"exclude":   func(c *Config) { c.Exclude = []string{"["} },
		"relative":  func(c *Config) { c.Path = "x/*.log" },
		"tag":       func(c *Config) { c.Tag = "" },
		"read_from": func(c *Config) { c.ReadFrom = "middle" },
		"max_line":  func(c *Config) { c.MaxLine = 0 },
		"refresh":   func(c *Config) { c.Refresh = 0 },
		"readers":   func(c *Config) { c.Readers = 0 },
	} {
		c := DefaultConfig()
		if change(&c); c.check() == nil {
			t.Errorf("%s is not checked", name)
		}
	}
}
