// Package agenttest makes a test's binary an agent, for tests that kill agents:
// those need one in a process of its own.
//
// Promise: a process that Command describes runs the agent and nothing else, and
// ends as `sluice run` does at a TERM; its lives are quick, as tests are.
package agenttest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"sluice/agent"
	"sluice/conf"
	"sluice/conf/fluent"
	"sluice/forwarder"
	"sluice/forwarder/catalog"
)

// variable names the settings file to the process.
const variable = "SLUICE_TEST_AGENT_SETTINGS"

// Command is an agent with the settings of a file, also of a fluent.conf: `sluice run`, in this binary.
// Once its listeners are open it writes "ready" to the standard output.
func Command(settings string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), variable+"="+settings)
	return cmd
}

// Main is a TestMain: it runs the tests, or what Command asks for.
func Main(m *testing.M) {
	file := os.Getenv(variable)
	if file == "" {
		os.Exit(m.Run())
	}
	os.Unsetenv(variable)
	jump()
	if err := run(file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// settings reads a settings file, or one in a language of Fluentd's, and the
// environment, as the program does.
func settings(file string) (*catalog.Settings, error) {
	s := catalog.Default()
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if fluent.Detect(data) != fluent.Settings {
		root, problems := fluent.Parse(file, data, fluent.Options{Worker: "0"})
		if problems = append(problems, catalog.FromTree(s, root)...); problems.Bad() {
			return nil, fmt.Errorf("%s", problems)
		}
		file = ""
	}
	if _, problems := conf.Load(conf.LoadOptions{File: file, Schema: s}); problems.Bad() {
		return nil, fmt.Errorf("%s", problems)
	}
	return s, nil
}

func run(file string) error {
	s, err := settings(file)
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.Log.Level)); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	lane := forwarder.LaneConfig{RetryBase: 5 * time.Millisecond, RetryMax: 50 * time.Millisecond, PauseEvery: 50 * time.Millisecond}
	a, err := agent.New(s, agent.Options{Log: log, Lane: lane, SaveEvery: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return a.Run(ctx)
}
