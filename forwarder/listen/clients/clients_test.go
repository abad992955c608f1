package clients_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// records is what each client sends.
const records = 10_000

// row is one client with one set of options.
type row struct {
	client  string
	options string // variables of the environment, see package clients
	server  string // empty: plain
	unit    time.Duration
	tool    string
}

const (
	second, nano = time.Second, time.Nanosecond
	classic      = "LIB=fluent-logger "
	organisation = "LIB=@fluent-org/logger "
	secured      = "tls, shared key, user"
	secrets      = " SHARED_KEY=k3y FLUENT_USER=alice FLUENT_PASSWORD=wonder"
)

var rows = []row{
	{"fluent-logger-golang 1.10.2", "", "", second, "go"},
	{"fluent-logger-golang 1.10.2", "EVENTTIME=1", "", nano, "go"},
	{"fluent-logger-golang 1.10.2", "ASYNC=1 EVENTTIME=1", "", nano, "go"},
	{"fluent-logger-golang 1.10.2", "ACK=1 EVENTTIME=1", "", nano, "go"},
	{"fluent-logger-golang 1.10.2", "ACK=1 ASYNC=1", "", second, "go"},
	{"fluent-logger-golang 1.10.2", "JSON=1", "", second, "go"},
	{"fluent-logger-golang 1.10.2", "TLS=1 ACK=1 EVENTTIME=1", "tls", nano, "go"},
	{"fluent-logger-golang 1.10.2", "UNIX=1 ACK=1 EVENTTIME=1", "", nano, "go"},
	{"fluent-logger 0.11.1 (Python)", "", "", second, "python"},
	{"fluent-logger 0.11.1 (Python)", "EVENTTIME=1", "", nano, "python"},
	{"fluent-logger 0.11.1 (Python)", "ASYNC=1 EVENTTIME=1", "", nano, "python"},
	{"fluent-logger 0.11.1 (Python)", "UNIX=1", "", second, "python"},
	{"fluent-logger 3.4.1 (Node)", classic + "MODE=Message EVENTTIME=1", "", nano, "node"},
	{"fluent-logger 3.4.1 (Node)", classic + "MODE=Message ACK=1", "", second, "node"},
	{"fluent-logger 3.4.1 (Node)", classic + "MODE=PackedForward ACK=1 EVENTTIME=1", "", nano, "node"},
	{"fluent-logger 3.4.1 (Node)", classic + "MODE=CompressedPackedForward ACK=1", "", second, "node"},
	{"fluent-logger 3.4.1 (Node)", classic + "MODE=PackedForward TLS=1 ACK=1" + secrets, secured, second, "node"},
	{"@fluent-org/logger 1.0.10 (Node)", organisation + "MODE=Message EVENTTIME=1", "", nano, "node"},
	{"@fluent-org/logger 1.0.10 (Node)", organisation + "MODE=Message ACK=1", "", second, "node"},
	{"@fluent-org/logger 1.0.10 (Node)", organisation + "MODE=Forward ACK=1 EVENTTIME=1", "", nano, "node"},
	{"@fluent-org/logger 1.0.10 (Node)", organisation + "MODE=PackedForward ACK=1", "", second, "node"},
	{"@fluent-org/logger 1.0.10 (Node)", organisation + "MODE=CompressedPackedForward ACK=1 EVENTTIME=1", "", nano, "node"},
	{"@fluent-org/logger 1.0.10 (Node)", organisation + "MODE=PackedForward TLS=1 ACK=1" + secrets, secured, second, "node"},
	{"fluency 2.7.3 (JVM)", "", "", second, "jvm"},
	{"fluency 2.7.3 (JVM)", "ACK=1 EVENTTIME=1", "", nano, "jvm"},
	{"fluency 2.7.3 (JVM)", "TLS=1 ACK=1 EVENTTIME=1", "tls", nano, "jvm"},
}

// atOnce is how many clients send at the same time: most of them wait for
// acknowledgements.
const atOnce = 6

// TestClients lets every client send to a running Sluice, and a Sluice to
// another's server. All must arrive, once, with the right time.
func TestClients(t *testing.T) {
	which := os.Getenv("SLUICE_TEST_CLIENTS")
	if which == "" {
		t.Skip("it installs other people's clients: make test-clients")
	}
	wanted := regexp.MustCompile(which)
	s := startServers(t)
	dir := t.TempDir()
	tools := prepare(dir)
	list := containers(t, s, dir)
	for i, r := range rows {
		tag := fmt.Sprint("client.row", i)
		list = append(list, trial{r.client, visible(r.options), func() error { return r.run(s, tools[r.tool], tag) }})
	}
	list = append(list, senders(s, tools, dir)...)
	list = slices.DeleteFunc(list, func(one trial) bool { return !wanted.MatchString(one.client + ", " + one.options) })
	var wg sync.WaitGroup
	room := make(chan struct{}, atOnce)
	results := make([]string, len(list))
	for i, one := range list {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			err := one.run()
			var no absent
			switch {
			case errors.As(err, &no):
				results[i] = "SKIP: " + no.reason
			case err != nil:
				results[i] = "FAIL: " + err.Error()
				t.Errorf("%s, %s: %v", one.client, one.options, err)
			default:
				results[i] = "good"
			}
		})
	}
	wg.Wait()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nReal clients, %d records each:\n\nclient\toptions\tresult\n", records)
	for i, one := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", one.client, one.options, results[i])
	}
	w.Flush()
}

// trial is a line of the matrix.
type trial struct {
	client, options string
	run             func() error
}

// visible are the options as people read them.
func visible(options string) string {
	var list []string
	for _, o := range strings.Fields(options) {
		name, value, _ := strings.Cut(o, "=")
		switch name {
		case "LIB":
		case "MODE":
			list = append(list, value)
		case "ACK", "ASYNC", "JSON", "TLS", "UNIX":
			list = append(list, strings.ToLower(name))
		case "EVENTTIME":
			list = append(list, "sub-second")
		case "SHARED_KEY":
			list = append(list, "shared key")
		case "FLUENT_USER":
			list = append(list, "user")
		}
	}
	return strings.Join(list, ", ")
}

func (r row) run(s *servers, tool tool, tag string) error {
	if tool.err != nil {
		return tool.err
	}
	kind := r.server
	if kind == "" {
		kind = "plain"
	}
	at := s.byName[kind]
	env := append(slices.Clone(tool.env), strings.Fields(r.options)...)
	env = append(env, "HOST=127.0.0.1", "PORT="+strconv.Itoa(at.port), "TAG="+tag, "COUNT="+strconv.Itoa(records),
		"CA="+s.cert+".ca", "SSL_CERT_FILE="+s.cert+".ca")
	if strings.Contains(r.options, "UNIX=1") {
		env = append(env, "SOCKET="+at.socket)
	}
	if err := execute(10*time.Minute, "", env, tool.args...); err != nil {
		return err
	}
	docs := s.store.await(tag, time.Minute, func(docs []document) bool { return len(docs) >= records })
	return judge(docs, records, r.unit)
}
