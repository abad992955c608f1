package deadletter

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Filter chooses letters; what is empty chooses all.
type Filter struct {
	Since, Until time.Time // refused at Since or later, before Until
	Reason       string    // part of its type or reason, in any case of letters
	Index        string    // glob of the target
	IDs          []string  // documents' ids, or names of letters
}

// Check says what is wrong with the filter itself.
func (f *Filter) Check() error {
	if _, err := path.Match(f.Index, ""); err != nil {
		return fmt.Errorf("index %q is no glob: %w", f.Index, err)
	}
	return nil
}

// All reports that the filter chooses every letter.
func (f *Filter) All() bool {
	return f.Since.IsZero() && f.Until.IsZero() && f.Reason == "" && f.Index == "" && len(f.IDs) == 0
}

// Match reports whether the filter chooses the letter.
func (f *Filter) Match(e *Entry) bool {
	switch {
	case !f.Since.IsZero() && e.Time.Before(f.Since), !f.Until.IsZero() && !e.Time.Before(f.Until):
		return false
	case f.Reason != "" && !holds(e.Type, f.Reason) && !holds(e.Reason, f.Reason):
		return false
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, e.Name()) && (e.ID == "" || !slices.Contains(f.IDs, e.ID)):
		return false
	case f.Index != "":
		ok, _ := path.Match(f.Index, e.Key)
		return ok
	}
	return true
}

func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
