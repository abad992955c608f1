package listen

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

var nowTime = regexp.MustCompile(` (\d{10})\.\d{9}`)

// vector sends one row and says what came of it. A probe behind it, with an
// ack, tells whether the connection outlived it.
func vector(t *testing.T, raw []byte) string {
	out := &fakeOut{}
	s := start(t, out, nil)
	began := time.Now().Unix()
	nc := s.dial(t)
	probe, probeAck := message("probe", "probe", "probe"), ack("probe")
	if strings.ContainsAny(string(raw[:1]), "[{ ") {
		probe, probeAck = []byte(`["probe",1700000000,{"message":"probe"},{"chunk":"probe"}]`), `{"ack":"probe"}`
	}
	nc.Write(append(raw, probe...))
	nc.CloseWrite()
	acks := answers(t, nc)
	acks, open := strings.CutSuffix(acks, probeAck)
	s.stop(t)
	var b strings.Builder
	for _, line := range out.lines {
		if strings.HasPrefix(line, "probe ") {
			continue
		}
		line = nowTime.ReplaceAllStringFunc(line, func(at string) string {
			if sec, _ := strconv.ParseInt(at[1:11], 10, 64); sec >= began && sec <= began+60 {
				return " now"
			}
			return at
		})
		fmt.Fprintf(&b, "  event %s\n", line)
	}
	if acks != "" {
		fmt.Fprintf(&b, "  ack %x\n", acks)
	}
	for why := good + 1; why < numReasons; why++ {
		if n := s.metric(t, "sluice_forward_bad_entries_total", why.String()); n > 0 {
			fmt.Fprintf(&b, "  bad %s %v\n", why, n)
		}
	}
	if !open {
		fmt.Fprintf(&b, "  closed\n")
	}
	if err := s.ledger.Check(); err != nil {
		t.Error(err)
	}
	return b.String()
}

// TestVectors sends what real clients, and broken ones, send. The golden file
// holds what comes of it; the table's own words are checked besides.
func TestVectors(t *testing.T) {
	rows, err := os.ReadFile("testdata/vectors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, row := range strings.Split(strings.TrimSpace(string(rows)), "\n")[1:] {
		col := strings.Split(row, "\t")
		raw, err := hex.DecodeString(col[1])
		if err != nil {
			t.Fatal(err)
		}
		outcome := vector(t, raw)
		fmt.Fprintf(&got, "%s %s\n%s", col[0], col[3], outcome)
		checkWords(t, col[0], col[2], outcome)
	}
	const golden = "testdata/vectors.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("differs from %s; got:\n%s", golden, got.String())
	}
}

var wantEvents = regexp.MustCompile(`^(\d+) events?`)

// checkWords holds an outcome against words such as "2 events + ack".
func checkWords(t *testing.T, id, words, outcome string) {
	words, _, _ = strings.Cut(words, " or ") // the first choice is ours
	if m := wantEvents.FindStringSubmatch(words); m != nil {
		if n, _ := strconv.Atoi(m[1]); strings.Count(outcome, "  event ") != n {
			t.Errorf("%s: %q wanted, but:\n%s", id, words, outcome)
		}
	}
	if strings.HasPrefix(words, "broken chunk") && outcome != "  bad compression 1\n  closed\n" {
		t.Errorf("%s: %q wanted, but:\n%s", id, words, outcome)
	}
	wantAck := strings.Contains(words, "ack") && !strings.Contains(words, "no ack")
	if wantAck != strings.Contains(outcome, "  ack ") {
		t.Errorf("%s: %q wanted, but:\n%s", id, words, outcome)
	}
	wantFIN := strings.Contains(words, "FIN") || strings.HasPrefix(words, "broken chunk")
	if wantFIN != strings.Contains(outcome, "  closed") {
		t.Errorf("%s: %q wanted, but:\n%s", id, words, outcome)
	}
	wantBad := strings.Contains(words, "count") || strings.Contains(words, " bad")
	if wantBad != strings.Contains(outcome, "  bad ") && strings.HasPrefix(words, "0") {
		t.Errorf("%s: %q wanted, but:\n%s", id, words, outcome)
	}
}
