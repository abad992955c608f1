package soak

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// ErrNoFUSE is a machine where a PowerDisk cannot be mounted.
var ErrNoFUSE = errors.New("no FUSE here")

// cannotMount is what bench/powerdisk exits with then.
const cannotMount = 3

// PowerDisk is a bench/powerdisk in a process of its own: a file system that
// loses what was not synced when its power is cut.
type PowerDisk struct {
	dir string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	say io.Writer // what each cut met
}

// StartPowerDisk runs the program, which mounts at dir.
func StartPowerDisk(program, dir string, say io.Writer) (*PowerDisk, error) {
	p := &PowerDisk{dir: dir, cmd: exec.Command(program, "-dir", dir), say: say}
	var said strings.Builder
	p.cmd.Stderr = &said
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the disk (make power-cut builds it): %w", err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if line, err := p.out.ReadString('\n'); err != nil || line != "mounted\n" {
		p.cmd.Wait()
		if p.cmd.ProcessState.ExitCode() == cannotMount {
			return nil, fmt.Errorf("%w: %s", ErrNoFUSE, strings.TrimSpace(said.String()))
		}
		return nil, fmt.Errorf("the disk did not start: %s %s", line, said.String())
	}
	return p, nil
}

// Close unmounts it; what was on it is gone.
func (p *PowerDisk) Close() error {
	p.in.Close()
	return p.cmd.Wait()
}

// off cuts the power: nothing that is done to the disk after it returned
// succeeds.
func (p *PowerDisk) off() error {
	_, err := p.ask("off")
	return err
}

// on brings it back, with a loss that the seed decides.
func (p *PowerDisk) on(seed uint64) error {
	answer, err := p.ask(fmt.Sprintf("on %d", seed))
	fmt.Fprintf(p.say, "  power cut: %s\n", answer)
	return err
}

func (p *PowerDisk) ask(command string) (string, error) {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return "", fmt.Errorf("the disk takes no command: %w", err)
	}
	answer, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the disk does not answer: %w", err)
	}
	return strings.TrimSuffix(answer, "\n"), nil
}

// snapshot is what the checkpoint said after the latest power cut: all of that
// is durable, while what it says now may not be.
type snapshot struct {
	mu        sync.Mutex
	positions map[string]int64
}

func (s *snapshot) take(data string) error {
	positions, err := savedPositions(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.positions = positions
	return err
}

func (s *snapshot) get() (map[string]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.positions, nil
}
