package elastic

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/event"
)

func keysOf(bs *event.Blocks) (keys []string) {
	for _, b := range bs.List {
		keys = append(keys, b.Key)
	}
	return keys
}

func TestTargets(t *testing.T) {
	pod := podFragment()
	annotated := &event.Fragment{File: "f", Wishes: event.Wishes{Dataset: "Shop-Cart"}}
	for _, c := range []struct {
		name   string
		frag   *event.Fragment
		tag    string
		change func(*Config)
		want   string
	}{
		{"container", pod, "k", nil, "logs-kubernetes.container_logs-default"},
		{"forward", nil, "app", nil, "logs-forward-default"},
		{"parts", nil, "app", func(c *Config) { c.DataStream = DataStream{Dataset: "My-App/x", Namespace: "team-a"} }, "logs-my_app_x-team_a"},
		{"long", nil, "app", func(c *Config) { c.DataStream.Dataset = strings.Repeat("d", 200) }, "logs-" + strings.Repeat("d", 100) + "-default"},
		{"annotation", annotated, "k", nil, "logs-shop_cart-default"},
		{"template", pod, "k.x", func(c *Config) { c.Index = "App-${kubernetes.namespace}-${tag}-%Y.%m.%d" }, "app-web-shop-k.x-2026.11.22"},
		{"fixed", nil, "", func(c *Config) { c.Index = "all" }, "all"},
		{"odd tag", nil, "__Ä B/c*", func(c *Config) { c.Index = "${tag}" }, "b_c_"},
		{"no tag", nil, "", func(c *Config) { c.Index = "${tag}" }, "sluice"},
		{"dots", nil, "..", func(c *Config) { c.Index = "${tag}" }, "sluice"},
		{"too long", nil, strings.Repeat("t", 300), func(c *Config) { c.Index = "${tag}" }, strings.Repeat("t", 255)},
		{"fluentd", pod, "k", func(c *Config) { c.Schema = "fluentd" }, "logstash-2026.11.22"},
	} {
		s := newSink(t, "http://127.0.0.1:1", c.change)
		b := &event.Batch{Shared: c.frag, Tag: c.tag}
		add(b, event.Record{}, text("message", "x"))
		if got := keysOf(encode(s, b)); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTargetDays(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Index = "i-%Y.%m.%d" })
	b := &event.Batch{}
	day := testTime.Sec - testTime.Sec%86400
	for _, sec := range []int64{day, day + 86399, day - 1, day + 86400, day + 5, -1, 0} {
		add(b, event.Record{Time: event.Time{Sec: sec, Nsec: 1}}, text("message", "x"))
	}
	bs := encode(s, b)
	want := "i-2026.11.22:3 i-2026.11.21:1 i-2026.11.23:1 i-1969.12.31:1 i-1970.01.01:1"
	var got []string
	for _, blk := range bs.List {
		got = append(got, blk.Key+":"+string(rune('0'+blk.Len())))
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Names change as often as what they say does, and no more: a batch has one
// block for each.
func TestTargetsOfTimes(t *testing.T) {
	at := time.Date(2027, 1, 1, 2, 4, 5, 0, time.UTC) // a Friday of 2026's week 53
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		template string
		zone     *time.Location
		want     string
	}{
		{"w-%G.%V", nil, "w-2026.53:4"},
		{"x%y%-m%e-%j-%b", nil, "x271_1-001-jan:4"},
		{"x-%F-%H", nil, "x-2027-01-01-02:3 x-2027-01-01-03:1"},
		{"x-%I%P-%M", nil, "x-02am-04:2 x-02am-05:1 x-03am-04:1"},
		{"x-%H-%S", nil, "x-02-05:2 x-02-06:1 x-03-05:1"},
		{"x-%Y.%m.%d", newYork, "x-2026.12.31:4"},
		{"x-%d-%H", newYork, "x-31-21:3 x-31-22:1"},
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Index, cfg.Like.Dates.Zone = c.template, c.zone })
		b := &event.Batch{}
		for _, later := range []time.Duration{0, time.Second, time.Minute, time.Hour} {
			add(b, event.Record{Time: event.TimeOf(at.Add(later))}, text("message", "x"))
		}
		bs, got := encode(s, b), []string{}
		for _, blk := range bs.List {
			got = append(got, blk.Key+":"+strconv.Itoa(blk.Len()))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %s, want %s", c.template, got, c.want)
		}
		if doc := string(bs.List[0].Item(0)); !strings.Contains(doc, `"@timestamp":"2027-01-01T02:04:05.000000000Z"`) {
			t.Errorf("%s: %s", c.template, doc)
		}
	}
}

func TestTargetErrors(t *testing.T) {
	for _, s := range []string{"${record}", "x-%N", "%z", "%:z", "%-", "${$.}", "${tag[x]}", "100%", "$"} {
		if _, err := parseTarget(s); err == nil || !strings.Contains(err.Error(), "${tag}") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestClock(t *testing.T) {
	times := []event.Time{{}, testTime, {Sec: minSecond}, {Sec: maxSecond, Nsec: 999999999}, {Sec: -1, Nsec: 5}, {Sec: 951782400}, {Sec: 86399}, {Sec: 86400}}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		times = append(times, event.Time{Sec: minSecond + r.Int64N(maxSecond-minSecond), Nsec: r.Uint32N(1e9)})
	}
	var c clock
	for _, x := range times {
		want := x.Std().Format("2006-01-02T15:04:05.000000000")
		for range 2 {
			if got := string(c.append(nil, x)); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	}
	for in, want := range map[event.Time]string{
		{Sec: math.MaxInt64}:              "9999-12-31T23:59:59.999999999",
		{Sec: math.MinInt64}:              "0001-01-01T00:00:00.000000000",
		{Sec: 0, Nsec: 1<<32 - 1}:         "1970-01-01T00:00:00.999999999",
		event.TimeOf(time.Time{}):         "0001-01-01T00:00:00.000000000",
		{Sec: maxSecond, Nsec: 5e9 - 1e9}: "9999-12-31T23:59:59.999999999",
	} {
		if got := string(new(clock).append(nil, clamp(in))); got != want {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
}
