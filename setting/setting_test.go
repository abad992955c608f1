package setting

import (
	"errors"
	"fmt"
	"testing"
)

func TestBelow(t *testing.T) {
	inner := errors.New("no time")
	for _, c := range []struct {
		err              error
		field, text, fix string
	}{
		{Refuse("key", "%q is none", "x"), "parse.key", `"x" is none`, ""},
		{Because("key", inner), "parse.key", "no time", ""},
		{Instead("key", "it is empty", "write one"), "parse.key", "it is empty", "write one"},
		{fmt.Errorf("cannot parse: %w", Because("key", inner)), "parse.key", "no time", ""},
		{inner, "", "no time", ""},
	} {
		err := Below("parse", c.err)
		var at *Error
		if errors.As(err, &at) != (c.field != "") || err.Error() != c.text || at != nil && (at.Field() != c.field || at.Fix() != c.fix) {
			t.Errorf("%v: %#v", c.err, err)
		}
	}
	if !errors.Is(Because("key", inner), inner) {
		t.Error("what is wrong is lost")
	}
}
