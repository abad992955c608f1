package netin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// ListenUnix makes the socket at path with that octal mode: who may write to it
// may send. It takes the place of a socket that a process which is no more left
// behind.
func ListenUnix(ctx context.Context, path, mode string) (net.Listener, error) {
	bits, err := strconv.ParseUint(mode, 8, 9)
	if err != nil {
		return nil, fmt.Errorf("the mode %q is not octal: %w", mode, err)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if nc, err := net.DialTimeout("unix", path, time.Second); err == nil {
			nc.Close()
			return nil, errors.New("somebody listens there: give each process a path of its own")
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	s, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, os.FileMode(bits)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
