package wire

import (
	"encoding/hex"
	"testing"
)

// The expected bytes are those other senders make of the same frame.
func TestEncode(t *testing.T) {
	hello := unhex(t, "81a76d657373616765a568656c6c6f")
	at := Time{Sec: 1700000000, Nsec: 123456789}
	entry := AppendEntry(nil, at, hello)
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{
			"message", AppendMessage(nil, "m03.app", at, hello, Send{}),
			"93a76d30332e617070d7006553f100075bcd1581a76d657373616765a568656c6c6f",
		},
		{
			"message that wants an ack", AppendMessage(nil, "m11.app", at, hello, Send{Chunk: "p8n9gmxTQVC8/nh2wlKKeQ=="}),
			"94a76d31312e617070d7006553f100075bcd1581a76d657373616765a568656c6c6f81a56368756e6bb870386e39676d7854515643382f6e6832776c4b4b65513d3d",
		},
		{
			"forward", AppendForward(nil, "f", 1, entry, Send{}),
			"92a1669192d7006553f100075bcd1581a76d657373616765a568656c6c6f",
		},
		{
			"packed", AppendPacked(nil, "p", entry, Send{Chunk: "c", Size: 1, Compressed: "text"}),
			"93a170c41a92d7006553f100075bcd1581a76d657373616765a568656c6c6f83a56368756e6ba163a473697a6501aa636f6d70726573736564a474657874",
		},
		{"ack", AppendAck(nil, unhex(t, "a26331")), "81a361636ba26331"},
	} {
		if got := hex.EncodeToString(tt.got); got != tt.want {
			t.Errorf("%s:\n%s\n%s", tt.name, got, tt.want)
		}
	}
}
