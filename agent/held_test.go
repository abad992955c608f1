package agent_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/sink/elastictest"
)

// textStore notes the messages of the documents that are created.
type textStore struct {
	*elastictest.CountStore
	mu    sync.Mutex
	texts []string
	grew  chan struct{} // one token
}

func (s *textStore) Create(docs []elastictest.Doc, created []bool) {
	s.CountStore.Create(docs, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range docs {
		if created[i] {
			_, text, _ := bytes.Cut(d.Source, []byte(`"message":"`))
			text, _, _ = bytes.Cut(text, []byte(`"`))
			s.texts = append(s.texts, string(text))
		}
	}
	select {
	case s.grew <- struct{}{}:
	default:
	}
}

func (s *textStore) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.texts...)
}

func (s *textStore) await(t *testing.T, n int) []string {
	t.Helper()
	deadline := time.After(3 * time.Minute)
	for len(s.seen()) < n {
		select {
		case <-s.grew:
		case <-deadline:
			t.Fatalf("%q are stored, not %d documents", s.seen(), n)
		}
	}
	return s.seen()
}

// tell sends a message on a connection of its own and waits for its
// acknowledgement.
func tell(t *testing.T, addr, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	p := msgp.AppendArrayHeader(nil, 4)
	p = msgp.AppendString(p, "app.test")
	p = msgp.AppendInt64(p, 1_700_000_000)
	p = msgp.AppendMapStrStr(p, map[string]string{"message": text})
	p = msgp.AppendMapStrStr(p, map[string]string{"chunk": "chunk of " + text})
	if _, err := conn.Write(p); err != nil {
		t.Fatal(err)
	}
	answer := map[string]any{}
	if err := msgp.NewReader(conn).ReadMapStrIntf(answer); err != nil || answer["ack"] != "chunk of "+text {
		t.Fatalf("the acknowledgement of %q: %v, %v", text, answer, err)
	}
}

// TestAcknowledgedPartsOfAJoinSurviveKills kills the agent behind each part of
// a join that a client got an acknowledgement for. All parts are stored, once.
func TestAcknowledgedPartsOfAJoinSurviveKills(t *testing.T) {
	for name, c := range map[string]struct {
		parts []string // the agent is killed behind each
		last  []string // of the last life
		wait  string   // flush_interval of the last life
		want  string
	}{
		"the rest comes":            {[]string{"S1", "a", "b"}, []string{"c", "E1"}, "1h", "S1|a|b|c|E1"},
		"nothing comes":             {[]string{"S1", "a"}, nil, "100ms", "S1|a"},
		"a part is sent once again": {[]string{"S1", "a"}, []string{"a", "E1"}, "1h", "S1|a|E1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, addr := t.TempDir(), quietPort(t)
			store := &textStore{CountStore: elastictest.NewCountStore(), grew: make(chan struct{}, 1)}
			url := serve(t, store)
			write := func(wait string) {
				text := fmt.Sprintf(`
data_dir: %s/data
metrics: { listen: "" }
admin: { listen: "" }
inputs:
  containers: { path: "" }
  forward: { listen: ["%s"] }
filters:
  - { type: concat, key: message, separator: "|", multiline_start_regexp: "^S", multiline_end_regexp: "^E", flush_interval: %s }
buffer: { flush_interval: 50ms }
elasticsearch: { urls: ["%s"] }
`, dir, addr, wait, url)
				if err := os.WriteFile(filepath.Join(dir, "sluice.yaml"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("1h")
			for _, part := range c.parts {
				agent := startChild(t, dir)
				tell(t, addr, part)
				agent.end(t, syscall.SIGKILL)
			}
			if got := store.seen(); len(got) > 0 {
				t.Fatalf("%q are stored before the end", got)
			}
			write(c.wait)
			agent := startChild(t, dir)
			for _, part := range c.last {
				tell(t, addr, part)
			}
			if got := store.await(t, 1); got[0] != c.want {
				t.Errorf("stored %q, want %q", got, c.want)
			}
			agent.end(t, syscall.SIGTERM)
			startChild(t, dir).end(t, syscall.SIGTERM) // finds nothing to give back
			if got := strings.Join(store.seen(), " and "); got != c.want {
				t.Errorf("stored %q, want %q", got, c.want)
			}
		})
	}
}
