// Package secret holds texts that stand in files and may change there while
// the program runs, as a Kubernetes Secret's do.
//
// Promise: Get returns what the file held when it was last looked at, which is
// at most ten seconds ago, or after an error what it held before; it starts no
// goroutine, and a secret is in no error. Standard library only.
package secret

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// every is how often a file is looked at, at most.
const every = 10 * time.Second

// Files is embedded in a Config whose secrets may be in files. The package conf
// tells it, by Again, how to read them once more.
type Files struct {
	read map[string]func() (string, error) // by the setting's name in its section
}

// Again says how to read the setting of that name once more.
func (f *Files) Again(name string, read func() (string, error)) {
	if f.read == nil {
		f.read = map[string]func() (string, error){}
	}
	f.read[name] = read
}

// Value is the setting of that name, which was now when the settings were read.
func (f *Files) Value(name, now string) *Value {
	return &Value{name: name, text: now, read: f.read[name], looked: time.Now()}
}

// Value is one secret. Its methods may be called from any goroutine.
type Value struct {
	name string                 // of the setting, for logs
	read func() (string, error) // nil: it never changes

	mu     sync.Mutex
	text   string
	looked time.Time
	told   string // the last error
}

// Get returns the secret as it is now; nothing where v is nil. When its file
// cannot be read it is the one before, and log tells why, once.
func (v *Value) Get(log *slog.Logger) string {
	if v == nil {
		return ""
	}
	if v.read == nil {
		return v.text
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.looked) < every {
		return v.text
	}
	v.looked = time.Now()
	text, err := v.read()
	if err == nil && text == "" {
		err = errors.New("it is empty now") // somebody is writing it
	}
	switch {
	case err == nil:
		v.text, v.told = text, ""
	case err.Error() != v.told:
		v.told = err.Error()
		log.Warn("a secret cannot be read again: the one before stays in use", "setting", v.name, "error", err)
	}
	return v.text
}
