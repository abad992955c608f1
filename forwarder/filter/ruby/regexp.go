package ruby

import (
	"strings"

	"sluice/parser/rubyexp"
)

// regexpValue compiles a regular expression; flags are i, m and x.
func regexpValue(src, flags string) (value, error) {
	flags = strings.Trim(flags, "oun")
	re, err := rubyexp.Compile("/"+src+"/"+flags, rubyexp.Options{})
	if err != nil {
		return value{}, err
	}
	return value{kind: kRegexp, s: src, o: &object{re: re}}, nil
}

// find is where the first match in s begins and ends; lo is -1 if there is none.
func find(re *rubyexp.Regexp, s string) (lo, hi int) {
	loc, ok := re.Find(nil, bytesOf(s))
	if !ok {
		return -1, -1
	}
	return loc[0], loc[1]
}

// groupNumber is the number of a named group; -1 if there is none.
func groupNumber(re *rubyexp.Regexp, m value, name string) value {
	for i, n := range re.Names() {
		if n != name {
			continue
		}
		if lo, hi := re.Group(m.o.places, i); lo >= 0 {
			return str(m.o.whole[lo:hi])
		}
	}
	return value{}
}
