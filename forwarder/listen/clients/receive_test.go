package clients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// receiving are ways in which a Sluice sends to the server of @fluent-org/logger.
var receiving = []struct{ name, settings, env string }{
	{"packed, ack", "compress: text", ""},
	{"packed, gzip, ack", "compress: gzip", ""},
	{"forward, ack", "mode: forward", ""},
	{"message, ack", "mode: message", ""},
	{"packed, gzip, ack, shared key, user", "compress: gzip, shared_key: k3y, username: alice, password: wonder", strings.TrimSpace(secrets)},
	{"packed, gzip, ack, tls, shared key", `compress: gzip, shared_key: k3y, tls: { ca: "CERT.ca" }`, "TLS=1 SHARED_KEY=k3y"},
}

// senders are the trials of what a Sluice sends.
func senders(s *servers, tools map[string]tool, dir string) (list []trial) {
	for i, r := range receiving {
		own := filepath.Join(dir, fmt.Sprint("sender", i))
		list = append(list, trial{"Sluice to @fluent-org/logger 1.0.10's server", r.name, func() error {
			node := tools["node"]
			if node.err != nil {
				return node.err
			}
			settings := strings.ReplaceAll(r.settings, "CERT", s.cert)
			env := append(append([]string{"CERT=" + s.cert + ".crt", "KEY=" + s.cert + ".key"}, node.env...), strings.Fields(r.env)...)
			return send(s.binary, own, settings, env)
		}})
	}
	return list
}

// process is one that is ended at the end; what it says on its standard output
// is read line by line.
type process struct {
	*exec.Cmd
	out *json.Decoder
	log bytes.Buffer
}

func startProcess(env []string, args ...string) (*process, error) {
	p := &process{Cmd: exec.Command(args[0], args[1:]...)}
	p.Env, p.Stderr, p.WaitDelay = append(os.Environ(), env...), &p.log, 10*time.Second
	out, err := p.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	return p, p.Start()
}

// end ends it and returns what it said.
func (p *process) end() string {
	_ = p.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(time.Minute, func() { _ = p.Process.Kill() })
	defer late.Stop()
	_ = p.Wait()
	said := p.log.Bytes()
	return string(said[max(0, len(said)-500):])
}

// send lets a Sluice send a container's lines and checks what is received.
func send(binary, dir, settings string, env []string) (err error) {
	server, err := startProcess(env, "node", "node/receive.js")
	if err != nil {
		return err
	}
	defer server.end()
	var at struct{ Port int }
	if err := server.out.Decode(&at); err != nil {
		return fmt.Errorf("the server does not start: %w: %s", err, server.end())
	}
	file, err := sendingSettings(dir, settings, at.Port)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := writeLines(dir, began); err != nil {
		return err
	}
	sluice, err := startProcess(nil, binary, "run", "--config", file)
	if err != nil {
		return err
	}
	// A server that waits in vain is ended, and with it the decoder's input.
	late := time.AfterFunc(3*time.Minute, func() { _ = server.Process.Kill() })
	defer late.Stop()
	err = judgeReceived(server.out, began)
	if said := sluice.end(); err != nil {
		err = fmt.Errorf("%w; the Sluice said: %s", err, said)
	}
	return err
}

func sendingSettings(dir, settings string, port int) (string, error) {
	text := fmt.Sprintf(`
data_dir: "%[1]s/data"
metrics: { listen: "" }
log: { level: warn }
inputs:
  containers: { path: "%[1]s/containers/*.log" }
  forward: { listen: [] }
output: forward
forward: { servers: [{ host: 127.0.0.1, port: %[2]d }], self_hostname: sluice, %[3]s }
`, dir, port, settings)
	for _, sub := range []string{"data", "containers"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return "", err
		}
	}
	file := filepath.Join(dir, "sluice.yaml")
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// writeLines writes a container's log, a nanosecond between two lines.
func writeLines(dir string, began time.Time) error {
	var b []byte
	for i := range records {
		b = began.Add(time.Duration(i)).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z07:00")
		b = fmt.Appendf(b, " stdout F line %d\n", i)
	}
	name := fmt.Sprintf("web-1_shop_app-%064x.log", 7)
	return os.WriteFile(filepath.Join(dir, "containers", name), b, 0o600)
}

// judgeReceived reads until every line came, and says what is wrong with them.
func judgeReceived(in *json.Decoder, began time.Time) error {
	seen := make([]bool, records)
	for left := records; left > 0; left-- {
		var r struct {
			Tag       string
			Sec, Nsec int64
			Record    struct {
				Message, Stream string
				Kubernetes      struct {
					Pod       string `json:"pod_name"`
					Namespace string `json:"namespace_name"`
					Container string `json:"container_name"`
				}
			}
		}
		if err := in.Decode(&r); err != nil {
			return fmt.Errorf("%d of %d lines came: %w", records-left, records, err)
		}
		var i int
		if _, err := fmt.Sscanf(r.Record.Message, "line %d", &i); err != nil || i < 0 || i >= records || seen[i] {
			return fmt.Errorf("not a line, or one that came before: %q", r.Record.Message)
		}
		seen[i] = true
		k := r.Record.Kubernetes
		if !time.Unix(r.Sec, r.Nsec).Equal(began.Add(time.Duration(i))) || !strings.HasPrefix(r.Tag, "kubernetes.") ||
			r.Record.Stream != "stdout" || k.Pod != "web-1" || k.Namespace != "shop" || k.Container != "app" {
			return fmt.Errorf("line %d came as %+v", i, r)
		}
	}
	return nil
}
