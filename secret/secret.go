// Package secret holds texts that stand in files and may change there while
// the program runs, as a Kubernetes Secret's do.
//
// Promise: Get returns what the file held when it was last looked at, which is
// at most ten seconds ago, or after an error what it held before; it starts no
// goroutine, and a secret is in no error. Standard library only.
package secret

import (
	"errors"
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
	return &Value{text: now, read: f.read[name], looked: time.Now()}
}

// Value is one secret. Its methods may be called from any goroutine.
type Value struct {
	read func() (string, error) // nil: it never changes

	mu     sync.Mutex
	text   string
	looked time.Time
	told   string // the last error
}

// Get returns the secret as it is now. With an error, which is told once, it is
// the one before.
func (v *Value) Get() (string, error) {
	if v.read == nil {
		return v.text, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.looked) < every {
		return v.text, nil
	}
	v.looked = time.Now()
	text, err := v.read()
	if err == nil && text == "" {
		err = errors.New("it is empty now") // somebody is writing it
	}
	if err == nil {
		v.text, v.told = text, ""
		return text, nil
	}
	if err.Error() == v.told {
		return v.text, nil
	}
	v.told = err.Error()
	return v.text, err
}
