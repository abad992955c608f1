package catalog

import (
	"strings"
	"testing"
	"time"

	"sluice/event"
)

func TestWhichQuotaAPathHas(t *testing.T) {
	g := defaultTailGroup()
	g.Period = 30 * time.Second
	g.Rule = []tailRule{
		{Match: []event.Pair{{Name: "namespace", Value: "/^shop/"}}, Limit: "1000"},
		{Match: []event.Pair{{Name: "namespace", Value: "/^shop/"}, {Name: "podname", Value: "/^cart/"}}, Limit: "10"},
		{Match: []event.Pair{{Name: "namespace", Value: "/^kube-system$/"}}},
		{Limit: "0"},
	}
	quota, err := g.quota()
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("a1", 32)
	for path, want := range map[string]int64{
		"cart-1_shop-eu_app": 10, "web-1_shop_app": 1000, "cart-1_other_app": 0, "dns_kube-system_dns": -1,
	} {
		if q := quota("/var/log/containers/" + path + "-" + id + ".log"); (q == nil) != (want < 0) || q != nil && (q.Lines != want || q.Per != g.Period) {
			t.Errorf("%s: %+v, want %d", path, q, want)
		}
	}
	if a, b := quota("/var/log/containers/a_shop_x-"+id+".log"), quota("/var/log/containers/b_shop_x-"+id+".log"); a != b {
		t.Error("two logs of a rule do not share its quota")
	}
	if q := quota("/var/log/messages"); q != nil {
		t.Errorf("a path that the pattern does not know has %+v", q)
	}
}

func TestGroupsThatAreNone(t *testing.T) {
	for _, c := range []struct {
		set  func(*tailGroup)
		want string
	}{
		{func(g *tailGroup) { g.Pattern = "/(/" }, "group.pattern"},
		{func(g *tailGroup) { g.Period = 0 }, "group.rate_period"},
		{func(g *tailGroup) { g.Rule[0].Limit = "many" }, "group.rule.limit"},
		{func(g *tailGroup) { g.Rule[0].Limit = "-2" }, "group.rule.limit"},
		{func(g *tailGroup) { g.Rule[0].Match = []event.Pair{{Name: "pod", Value: "/x/"}} }, "group.rule.match"},
		{func(g *tailGroup) { g.Rule[0].Match = []event.Pair{{Name: "podname", Value: "/(/"}} }, "group.rule.match"},
	} {
		g := defaultTailGroup()
		g.Rule = []tailRule{{Limit: "1"}}
		c.set(&g)
		_, err := g.quota()
		if at, ok := err.(fieldError); !ok || at.Field() != c.want {
			t.Errorf("%v, want one of %s", err, c.want)
		}
	}
	g := defaultTailGroup()
	if quota, err := g.quota(); quota != nil || err != nil {
		t.Error(err)
	}
}
