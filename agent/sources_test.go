package agent_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/agent"
)

// What comes by HTTP, TCP, UDP and syslog stands in the files of its tags.
func TestSourcesThatListen(t *testing.T) {
	dir := t.TempDir()
	s := fluentSettings(t, "testdata/sources.conf", map[string]string{"OUT": filepath.Join(dir, "out")})
	s.DataDir = filepath.Join(dir, "data")
	a, err := agent.New(s, agent.Options{Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for name, text := range map[string]string{
		"lines":     `127.0.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777` + "\nplain\n",
		"datagrams": `level=info msg="a b"`,
		"sys":       "<34>Oct 11 22:14:15 host su: failed\n<165>1 2003-10-11T22:14:15.003Z host app - ID47 - event\n",
	} {
		network := "tcp"
		if name == "datagrams" {
			network = "udp"
		}
		nc, err := net.Dial(network, a.InputAddrs(name)[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nc.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	answer, err := client.Post("http://"+a.InputAddrs("web")[0]+"/in/http", "application/json", strings.NewReader(`[{"a":1},{"a":"b"}]`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
	want := map[string]string{
		"in.http": `{"a":1}` + "\n" + `{"a":"b"}` + "\n",
		"in.tcp":  `{"remote":"127.0.0.1","host":"-","user":"-","method":"GET","path":"/","code":200,"size":"777"}` + "\n" + `{"message":"plain"}` + "\n",
		"in.udp":  `{"level":"info","msg":"a b"}` + "\n",

		"sys.auth.crit":     `{"host":"host","ident":"su","message":"failed"}` + "\n",
		"sys.local4.notice": `{"host":"host","ident":"app","pid":"-","msgid":"ID47","extradata":"-","message":"event"}` + "\n",
	}
	tick, late := time.NewTicker(10*time.Millisecond), time.After(5*time.Minute)
	defer tick.Stop()
	for tag, content := range want {
		var got []byte
		for string(got) != content {
			select {
			case <-tick.C: // others write the file: it can only be looked at
				got, _ = os.ReadFile(filepath.Join(dir, "out", tag+".log"))
			case <-late:
				t.Fatalf("%s: %q, want %q", tag, got, content)
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
