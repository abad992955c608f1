// Package setting holds the error of a part that refuses one of its settings.
//
// Promise: the error names the setting and not its place; whoever read the
// configuration knows where it was written, and says so.
package setting

import (
	"errors"
	"fmt"
)

// Error is why a part refuses a setting.
type Error struct {
	field string
	err   error
	fix   string
}

// Refuse refuses a setting, which is named as in the configuration:
// exclude[0].pattern.
func Refuse(field, format string, args ...any) error {
	return &Error{field: field, err: fmt.Errorf(format, args...)}
}

// Because refuses a setting for an error.
func Because(field string, err error) error { return &Error{field: field, err: err} }

// Instead refuses a setting and says what to write instead.
func Instead(field, what, fix string) error {
	return &Error{field: field, err: errors.New(what), fix: fix}
}

// Below puts the section that the settings of a part stand in before the name,
// with a dot. An error that names no setting stays as it is.
func Below(section string, err error) error {
	var at *Error
	if errors.As(err, &at) {
		return &Error{field: section + "." + at.field, err: at.err, fix: at.fix}
	}
	return err
}

// Field names the setting.
func (e *Error) Field() string { return e.field }

// Error does not say the setting again: whoever reports it says where it stands.
func (e *Error) Error() string { return e.err.Error() }

// Fix is what to write instead; empty where the text says it.
func (e *Error) Fix() string { return e.fix }

func (e *Error) Unwrap() error { return e.err }
