package clients_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sluice/sink/elastictest"
	"sluice/tlsfiles/tlstest"
)

// servers are running Sluices, in front of one store.
type servers struct {
	store  *archive
	url    string
	binary string
	cert   string // the path without .crt, .key and .ca
	byName map[string]address
}

// address is where a Sluice listens, as the clients' environment.
type address struct {
	port   int
	socket string
}

// settingsOf are the kinds of server: what stands in inputs.forward.
func (s *servers) settingsOf(kind, dir string) string {
	tls := fmt.Sprintf(`tls: { cert: "%s.crt", key: "%s.key" }`, s.cert, s.cert)
	switch kind {
	case "plain":
		return fmt.Sprintf(`unix: "%s/sluice.sock", unix_mode: "0666"`, dir)
	case "tls":
		return tls
	case secured:
		return tls + `, shared_key: k3y, users: [{ username: alice, password: wonder }]`
	}
	panic("BUG: no such server: " + kind)
}

func startServers(t *testing.T) *servers {
	t.Helper()
	s := &servers{store: newArchive(), byName: map[string]address{}}
	server := elastictest.New(s.store)
	web := httptest.NewServer(server)
	t.Cleanup(func() { web.Close(); server.Close() })
	s.url = web.URL
	dir := t.TempDir()
	var err error
	if s.binary, err = goProgram(dir, "sluice/cmd/sluice"); err != nil {
		t.Fatal(err)
	}
	s.cert = filepath.Join(dir, "server")
	authority := tlstest.New(t)
	authority.Issue(t, s.cert, "127.0.0.1")
	authority.WriteCA(t, s.cert+".ca")
	for _, kind := range []string{"plain", "tls", secured} {
		s.byName[kind] = s.start(t, kind)
	}
	return s
}

// start starts a Sluice of that kind and returns where it listens.
func (s *servers) start(t *testing.T, kind string) address {
	t.Helper()
	dir := t.TempDir()
	a := address{port: freePort(t), socket: filepath.Join(dir, "sluice.sock")}
	text := fmt.Sprintf(`
data_dir: "%s/data"
metrics: { listen: "" }
inputs:
  containers: { path: "" }
  forward: { listen: ["127.0.0.1:%d"], %s }
elasticsearch: { urls: ["%s"] }
`, dir, a.port, s.settingsOf(kind, dir), s.url)
	file := filepath.Join(dir, "sluice.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(s.binary, "run", "--config", file)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			_, _ = log.Seek(0, io.SeekStart)
			said, _ := io.ReadAll(log)
			t.Errorf("the Sluice %q: %v\n%.2000s", kind, err, said)
		}
		log.Close()
	})
	awaitPort(t, a.port, ended)
	return a
}

func awaitPort(t *testing.T, port int, ended <-chan error) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		nc, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			nc.Close()
			return
		}
		if len(ended) > 0 || time.Now().After(late) {
			t.Fatalf("nobody listens on port %d: %v", port, err)
		}
	}
}

// freePort is one that no outgoing connection takes.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 15000+rand.IntN(15000)))
		if err == nil {
			defer l.Close()
			return l.Addr().(*net.TCPAddr).Port
		}
	}
	t.Fatal("no port is free")
	return 0
}
