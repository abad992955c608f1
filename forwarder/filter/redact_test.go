package filter

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"sluice/event"
)

func newRedact(t testing.TB, change func(*RedactConfig)) *Redact {
	t.Helper()
	cfg := DefaultRedactConfig()
	cfg.Mask = "*"
	if change != nil {
		change(&cfg)
	}
	r, err := NewRedact(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The numbers are those that networks, banks and agencies publish as examples.
func TestDetectors(t *testing.T) {
	r := newRedact(t, nil)
	for text, want := range map[string]string{
		"":                               "",
		"nothing 1 22 333 4444":          "nothing 1 22 333 4444",
		"4111111111111111":               "*",
		"pay 4111 1111 1111 1111 now":    "pay * now",
		"pay 4111-1111-1111-1111, 5 EUR": "pay *, 5 EUR",
		"4111111111111112":               "4111111111111112", // Luhn
		"5555555555554444 378282246310005 6011111111111117 3530111333300000 30569309025904": "* * * * *",
		"2223003122003222":                  "*",
		"x4111111111111111":                 "x4111111111111111", // part of a word
		"4111111111111111x":                 "4111111111111111x",
		"1700000000123456789":               "1700000000123456789", // a time
		"41111111111111111111111":           "41111111111111111111111",
		"id 12 4111 1111 1111 1111":         "id 12 *",
		"0000000000000000":                  "0000000000000000",
		"DE89370400440532013000":            "*",
		"iban DE89 3704 0044 0532 0130 00.": "iban *.",
		"GB82 WEST 1234 5698 7654 32":       "*",
		"NO9386011117947":                   "*",
		"MT84MALT011000012345MTLCAST001S":   "*",
		"DE88370400440532013000":            "DE88370400440532013000", // check digits
		"XX89370400440532013000":            "XX89370400440532013000",
		"DE8937040044053201300":             "DE8937040044053201300",
		"078-05-1120":                       "*",
		"ssn 219 09 9999!":                  "ssn *!",
		"000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000 123-45 6789": "000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000 123-45 6789",
		"routing 021000021":                                   "routing *",
		"021000022 990000021":                                 "021000022 990000021",
		"mail a.b+c@example.co.uk.":                           "mail *.",
		"<x@y.io>":                                            "<*>",
		"a@b a@b.c a@b.c1 @x.de a@.de":                        "a@b a@b.c a@b.c1 @x.de a@.de",
		"ssh://git@github.com:22/x":                           "ssh://*:22/x",
		"call +49 (30) 901820-0":                              "call *",
		"call (212) 555-0123 or 212-555-0123 or 212.555.0123": "call * or * or *",
		"2026-01-02 10.20.30.40 1.2.3 +0900 +00:00 2026/01/02 555-0123": "2026-01-02 10.20.30.40 1.2.3 +0900 +00:00 2026/01/02 555-0123",
		"5f1e4111111111111111": "5f1e4111111111111111",
		"ü4111111111111111":    "ü4111111111111111",
	} {
		b := batch(t, `{"m":`+string(quoted(text))+`}`)
		r.Apply(b)
		if got := string(b.Bytes(b.FieldsOf(0)[0].Val)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

const redactRecord = `{"m":"card 4111 1111 1111 1111 of a@b.de","n":4111111111111111,"i":7,"o":{"a@b.de":"x","l":["tel +49 30 901820",5555555555554444,true,"q\"\u0041@b.de"]},"u":"plain"}`

func TestRedactEverywhere(t *testing.T) {
	const masked = `{"m":"card * of *","n":"*","i":7,"o":{"a@b.de":"x","l":["tel *","*",true,"q\"*"]},"u":"plain"}`
	for name, c := range map[string]struct {
		change func(*RedactConfig)
		want   string
		counts map[string]int
	}{
		"mask":    {nil, masked, map[string]int{"card": 3, "email": 2, "phone": 1}},
		"dry run": {func(c *RedactConfig) { c.DryRun = true }, redactRecord, map[string]int{"card": 3, "email": 2, "phone": 1}},
		"drop": {
			func(c *RedactConfig) { c.Action = "drop" },
			`{"i":7,"o":{"a@b.de":"x","l":[null,null,true,null]},"u":"plain"}`,
			map[string]int{"card": 3, "email": 2, "phone": 1},
		},
		"keys": {
			func(c *RedactConfig) { c.Keys = []string{"m", "$.o.l[1]", "$.o.x", "nope"} },
			`{"m":"card * of *","n":4111111111111111,"i":7,"o":{"a@b.de":"x","l":["tel +49 30 901820","*",true,"q\"\u0041@b.de"]},"u":"plain"}`,
			map[string]int{"card": 2, "email": 1},
		},
		"keys to drop": {
			func(c *RedactConfig) { c.Keys, c.Action = []string{"m", "$.o.l[1]", "u"}, "drop" },
			`{"n":4111111111111111,"i":7,"o":{"a@b.de":"x","l":["tel +49 30 901820",true,"q\"\u0041@b.de"]},"u":"plain"}`,
			map[string]int{"card": 2, "email": 1},
		},
		"not everywhere": {
			func(c *RedactConfig) { c.Exclude, c.Detect = []string{"m", "o"}, []string{"card"} },
			`{"m":"card 4111 1111 1111 1111 of a@b.de","n":"*","i":7,"o":{"a@b.de":"x","l":["tel +49 30 901820",5555555555554444,true,"q\"\u0041@b.de"]},"u":"plain"}`,
			map[string]int{"card": 1},
		},
		"patterns": {
			func(c *RedactConfig) {
				c.Detect = []string{"email"}
				c.Keys = []string{"m", "u"}
				c.Pattern = []RedactPattern{{"word", "pl[a-z]*"}, {"of", `of a@`}}
			},
			`{"m":"card 4111 1111 1111 1111 *b.de","n":4111111111111111,"i":7,"o":{"a@b.de":"x","l":["tel +49 30 901820",5555555555554444,true,"q\"\u0041@b.de"]},"u":"*"}`,
			map[string]int{"of": 1, "word": 1},
		},
	} {
		counts := map[string]int{}
		r := newRedact(t, func(cfg *RedactConfig) {
			if c.change != nil {
				c.change(cfg)
			}
			cfg.Count = func(name string, n int) { counts[name] += n }
		})
		if got := show(apply(t, r, batch, redactRecord), 1); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, c.want)
		}
		if !maps.Equal(counts, c.counts) {
			t.Errorf("%s counts %v, want %v", name, counts, c.counts)
		}
		clear(counts)
		plain := strings.ReplaceAll(c.want, `\u0041`, "A")
		if got := show(apply(t, r, packed, strings.Replace(redactRecord, `"a@b.de":"x",`, "", 1)), 1); strings.Replace(plain, `"a@b.de":"x",`, "", 1) != got {
			t.Errorf("%s, msgpack\n got %s\nwant %s", name, got, plain)
		}
		if !maps.Equal(counts, c.counts) {
			t.Errorf("%s, msgpack, counts %v, want %v", name, counts, c.counts)
		}
	}
}

// One number becomes one text however it is written, and another with another
// key.
func TestRedactHash(t *testing.T) {
	hashed := func(key, text string) string {
		r := newRedact(t, func(c *RedactConfig) { c.Action, c.HashKey = "hash", key })
		b := batch(t, `{"m":"`+text+`"}`)
		r.Apply(b)
		return string(b.Bytes(b.FieldsOf(0)[0].Val))
	}
	a := hashed("0123456789abcdef", "4111 1111 1111 1111")
	if a != hashed("0123456789abcdef", "4111-1111-1111-1111") || len(a) != len("hmac:")+32 || !strings.HasPrefix(a, "hmac:") {
		t.Error(a)
	}
	if a == hashed("0123456789abcdeX", "4111 1111 1111 1111") {
		t.Error("the key does not count")
	}
	if hashed("0123456789abcdef", "A@B.de") != hashed("0123456789abcdef", "a@b.DE") {
		t.Error("capitals of an address count")
	}
}

func TestRedactRefuses(t *testing.T) {
	for field, change := range map[string]func(*RedactConfig){
		"detect":           func(c *RedactConfig) { c.Detect = []string{"card", "passport"} },
		"pattern[0].match": func(c *RedactConfig) { c.Pattern = []RedactPattern{{"x", "("}} },
		"pattern[1].match": func(c *RedactConfig) { c.Pattern = []RedactPattern{{"x", "x"}, {"y", "y*"}} },
		"keys":             func(c *RedactConfig) { c.Keys = []string{"$."} },
		"exclude_keys":     func(c *RedactConfig) { c.Exclude = []string{"$.a.b"} },
		"hash_key":         func(c *RedactConfig) { c.Action, c.HashKey = "hash", "short" },
	} {
		cfg := DefaultRedactConfig()
		change(&cfg)
		_, err := NewRedact(cfg)
		refused(t, err, field, "")
	}
}

func TestRedactConcurrent(t *testing.T) {
	together(t, newRedact(t, func(c *RedactConfig) { c.Action, c.HashKey = "hash", "0123456789abcdef" }), redactRecord)
}

func BenchmarkRedact(b *testing.B) { bench(b, newRedact(b, nil), accessLine) }

// What detectors find lies within the text, and one hit behind the other; an
// object stays JSON.
func FuzzRedact(f *testing.F) {
	f.Add([]byte(redactRecord))
	f.Add([]byte(`{"a":"+4930901820 (212) 555-0123 GB82WEST12345698765432 a@b.de@c.de"}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		all := newRedact(t, nil)
		for from := 0; ; {
			h, ok := all.built.next(p, from)
			if !ok {
				break
			}
			if h.lo < from || h.hi <= h.lo || h.hi > len(p) {
				t.Fatalf("%+v from %d in %q", h, from, p)
			}
			from = h.hi
		}
		if !json.Valid(p) || len(p) == 0 || p[0] != '{' {
			return
		}
		b := &event.Batch{}
		b.Begin(event.Record{})
		b.Add(b.KeyString("x"), b.Put(p, event.JSON))
		all.Apply(b)
		if out := b.Bytes(b.FieldsOf(0)[0].Val); !json.Valid(out) {
			t.Fatalf("%q became %q", p, out)
		}
	})
}
