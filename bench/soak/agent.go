package soak

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is one life of the program under test.
type process struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it says that it is started
	done  chan struct{} // closed when it has ended
	err   error         // how it ended; after done
}

// start starts the program; what it logs is appended to logFile.
func start(cmd *exec.Cmd, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		log.Close()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("cannot start the agent (make build?): %w", err)
	}
	a := &process{cmd: cmd, ready: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		defer log.Close()
		a.copy(log, said)
		a.err = cmd.Wait()
	}()
	return a, nil
}

// copy copies the log and looks for the line that says that the agent runs.
func (a *process) copy(log io.Writer, said io.Reader) {
	started := false
	r := bufio.NewReader(said)
	for {
		line, err := r.ReadString('\n')
		io.WriteString(log, line)
		if !started && strings.Contains(line, "msg=started") {
			started = true
			close(a.ready)
		}
		if err != nil {
			return
		}
	}
}

// await waits until the agent is started; false: that will not be.
func (a *process) await(ctx context.Context) bool {
	select {
	case <-a.ready:
		return true
	case <-a.done:
	case <-ctx.Done():
	}
	return false
}

// ended reports whether the process has ended.
func (a *process) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// kill ends the process if it has not ended; the error is how it did by itself.
func (a *process) kill() error {
	if a.ended() {
		return a.err
	}
	return a.end(syscall.SIGKILL)
}

// pause waits for d, or until the agent has ended or ctx has.
func pause(ctx context.Context, a *process, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.done:
	case <-ctx.Done():
	}
}

// end sends the signal and waits for the end. The error is that of an agent
// that ended otherwise than it was told to.
func (a *process) end(sig syscall.Signal) error {
	if a.ended() {
		return fmt.Errorf("the agent ended by itself: %v", a.err)
	}
	a.cmd.Process.Signal(sig) // fails only for one that has ended
	<-a.done
	if status, ok := a.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && sig == syscall.SIGKILL && status.Signaled() {
		return nil
	}
	if a.err != nil {
		return fmt.Errorf("the agent did not end as it was told to by %v: %w", sig, a.err)
	}
	return nil
}

// lastLines are the last lines of the agent's log.
func lastLines(logFile string) string {
	raw, _ := os.ReadFile(logFile)
	return string(raw[max(0, len(raw)-2000):])
}
