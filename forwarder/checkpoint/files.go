package checkpoint

import (
	"errors"
	"os"
)

// files is the seam where tests put faults.
type files interface {
	Read(path string) ([]byte, error)
	// WriteSynced creates or truncates path, writes p and fsyncs it.
	WriteSynced(path string, p []byte) error
	Rename(from, to string) error
	SyncDir(path string) error
}

type osFiles struct{}

func (osFiles) Read(path string) ([]byte, error) { return os.ReadFile(path) }

func (osFiles) Rename(from, to string) error { return os.Rename(from, to) }

func (osFiles) WriteSynced(path string, p []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (osFiles) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
