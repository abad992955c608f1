package wire

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The bytes that Fluentd's own client and server exchange.
func TestHandshake(t *testing.T) {
	nonce, auth := unhex(t, "000102030405060708090a0b0c0d0e0f"), unhex(t, "101112131415161718191a1b1c1d1e1f")
	salt, key := []byte("00112233445566778899aabbccddeeff"), []byte("s3cr3t")
	d1 := Digest(salt, []byte("cli.example"), nonce, key)
	d2 := Digest(auth, []byte("alice"), []byte("wonder"))
	d3 := Digest(salt, []byte("srv.example"), nonce, key)
	ping := Ping{[]byte("cli.example"), salt, d1, []byte("alice"), d2}
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"HELO", AppendHelo(nil, nonce, auth), "92a448454c4f83a56e6f6e6365c410000102030405060708090a0b0c0d0e0fa461757468c410101112131415161718191a1b1c1d1e1fa96b656570616c697665c3"},
		{"HELO without user", AppendHelo(nil, nonce, nil), "92a448454c4f83a56e6f6e6365c410000102030405060708090a0b0c0d0e0fa461757468a0a96b656570616c697665c3"},
		{"PING", AppendPing(nil, ping), "96a450494e47ab636c692e6578616d706c65d9203030313132323333343435353636373738383939616162626363646465656666d9803866326239333637356130323063393464346261663363613566383663366237306463653630656134313034663330626162336530373330666564343961383565313531363733666234656534383331363731633438626133373634363766653134346338373032356530333130613133613965303034343438653732633031a5616c696365d9803238653432366164383663613738633862343231636136643536343534616662353134633431396539643237303432653162616263393232306366623362643862616438616438653633623633323337303836613463623737663836346162303661646231353066396335306364353030336232663362393730343866653235"},
		{"PONG", AppendPong(nil, "srv.example", d3), "95a4504f4e47c3a0ab7372762e6578616d706c65d9803964303436323633303164626664386336303436313534383538626661376631336633376335663733313761616139323339376666303531346131656662363032363836636566636336333661316434653238373430396538633361633261643931623936646234316533643937373539646232316535303937326133353362"},
		{"refusal", AppendRefusal(nil, "shared_key mismatch"), "95a4504f4e47c2b37368617265645f6b6579206d69736d61746368a0a0"},
	} {
		if got := hex.EncodeToString(tt.got); got != tt.want {
			t.Errorf("%s:\n%s\n%s", tt.name, got, tt.want)
		}
	}
	f, err := NewReader(bytes.NewReader(AppendPing(nil, ping)), 1000).Next()
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := ReadPing(&f); !ok || string(got.Username) != "alice" || !bytes.Equal(got.Salt, salt) || !bytes.Equal(got.PasswordDigest, d2) {
		t.Errorf("%v %+v", ok, got)
	}
}

func TestNoPing(t *testing.T) {
	for _, s := range []string{
		"c0", "a450494e47", "95a450494e47a0a0a0a0", "97a450494e47a0a0a0a0a0a0", "96a4504f4e47a0a0a0a0a0", "96a450494e47a0a001a0a0", "96a450494e47a0a0a0a0c0",
	} {
		f, err := NewReader(bytes.NewReader(unhex(t, s)), 1000).Next()
		if err != nil {
			t.Fatal(s, err)
		}
		if p, ok := ReadPing(&f); ok {
			t.Errorf("%s: %+v", s, p)
		}
	}
}

// What a client reads: Fluentd sends nonce and auth as bin, Fluent Bit as str.
func TestGreetings(t *testing.T) {
	frame := func(hex string) *Frame {
		f, err := NewReader(bytes.NewReader(unhex(t, hex)), 1000).Next()
		if err != nil {
			t.Fatal(hex, err)
		}
		return &f
	}
	const nonce = "000102030405060708090a0b0c0d0e0f"
	for _, tt := range []struct {
		hex, auth string
		ok        bool
	}{
		{"92a448454c4f83a56e6f6e6365c410" + nonce + "a461757468c40401020304a96b656570616c697665c3", "01020304", true},
		{"92a448454c4f82a56e6f6e6365b0" + nonce + "a461757468a0", "", true},
		{"92a448454c4f81a56e6f6e6365b0" + nonce, "", true},
		{"92a448454c4f80", "", false},
		{"92a448454c4fa0", "", false},
		{"92a450494e4781a56e6f6e6365b0" + nonce, "", false},
		{"93a448454c4f81a56e6f6e6365b0" + nonce + "c0", "", false},
		{"81a3616b6301", "", false},
	} {
		h, ok := ReadHelo(frame(tt.hex))
		if ok != tt.ok || hex.EncodeToString(h.Auth) != tt.auth || ok && hex.EncodeToString(h.Nonce) != nonce {
			t.Errorf("%s: %v %x %x", tt.hex, ok, h.Nonce, h.Auth)
		}
	}
	for _, tt := range []struct {
		raw    []byte
		ok, in bool
		reason string
	}{
		{AppendPong(nil, "srv", []byte("abc")), true, true, ""},
		{AppendRefusal(nil, "shared_key mismatch"), true, false, "shared_key mismatch"},
		{unhex(t, "95a4504f4e47c0a0a0a0"), false, false, ""},
		{unhex(t, "95a4504f4e47c3a0a001"), false, true, ""},
		{unhex(t, "94a4504f4e47c3a0a0"), false, false, ""},
	} {
		p, ok := ReadPong(frame(hex.EncodeToString(tt.raw)))
		if ok != tt.ok || p.OK != tt.in || string(p.Reason) != tt.reason {
			t.Errorf("%x: %v %+v", tt.raw, ok, p)
		}
	}
	if chunk, ok := ReadAck(frame("82a178c0a361636ba26331")); !ok || string(chunk) != "\xa2c1" {
		t.Errorf("%v %x", ok, chunk)
	}
	if chunk, ok := ReadAck(frame("92a361636ba26331")); ok {
		t.Errorf("an array is an ack: %x", chunk)
	}
}
