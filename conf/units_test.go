package conf

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "5242880": 5242880, "5B": 5, "5MiB": 5 << 20, "5mib": 5 << 20, "5MB": 5e6, "1kB": 1000, "1KB": 1000,
		"1KiB": 1024, "2GiB": 2 << 30, "2GB": 2e9, "3TiB": 3 << 40, "3TB": 3e12, "8388607TiB": 8388607 << 40,
	} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("%s: got %d %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "MiB", "-1", "+1", "1.5MiB", "5 MiB", "5M", "5Mi", "8388608TiB", "9223372036854775808", "5MiBs", "0x10", "1_000"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("%q: accepted as %d", s, got)
		}
	}
}

func TestFormat(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1000: "1000", 1024: "1KiB", 5 << 20: "5MiB", 1 << 41: "2TiB", 1<<20 + 1: "1048577"} {
		got := FormatSize(n)
		if back, err := ParseSize(got); got != want || err != nil || back != n {
			t.Errorf("%d: got %s, read back as %d %v, want %s", n, got, back, err, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 90 * time.Second: "1m30s", time.Minute: "1m", time.Hour: "1h", 25 * time.Hour: "25h",
		time.Hour + time.Second: "1h0m1s", 10 * time.Minute: "10m", 20 * time.Second: "20s", 1500 * time.Millisecond: "1.5s",
	} {
		got := formatDuration(d)
		if back, err := time.ParseDuration(got); got != want || err != nil || back != d {
			t.Errorf("%s: got %s, read back as %s %v, want %s", d, got, back, err, want)
		}
	}
}

func TestFixes(t *testing.T) {
	for s, want := range map[string]string{
		"5m": "write 5MiB", "5M": "write 5MiB", "5Mi": "write 5MiB", "5 mb": "write 5MB", "64k": "write 64KiB", "1_000": "write 1000",
		"lots": "write a size such as 5MiB, 5MB or 5242880", "5s": "write a size such as 5MiB, 5MB or 5242880",
	} {
		if got := sizeFix(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	for s, want := range map[string]string{
		"5": "write 5s", "1 m": "write 1m", "5S": "write 5s", "2d": "write 48h", "0.5": "write 0.5s",
		"-5s": "write a duration such as 1s, 1m30s or 24h", "soon": "write a duration such as 1s, 1m30s or 24h",
	} {
		if got := durationFix(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"urls", "api_key", "password", "data_stream", "read_from"}
	for name, want := range map[string]string{
		"url": "urls", "ulrs": "urls", "URLS": "urls", "api-key": "api_key", "apikey": "api_key", "passwrod": "password",
		"data": "data_stream", "read_form": "read_from", "tls": "", "x": "", "": "", "compression": "",
	} {
		if got, ok := nearest(name, known); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q %v, want %q", name, got, ok, want)
		}
	}
}
