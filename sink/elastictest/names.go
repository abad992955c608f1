package elastictest

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
)

// badName says why no index may have this name, or returns nil.
func badName(name string) *apiError {
	why := ""
	switch {
	case name == "":
		why = "must not be empty"
	case strings.ContainsAny(name, ` "*,/<>?\|`):
		why = `must not contain the following characters [' ','"','*',',','/','<','>','?','\','|']`
	case strings.Contains(name, "#"):
		why = "must not contain '#'"
	case strings.Contains(name, ":"):
		why = "must not contain ':'"
	case strings.IndexAny(name, "_-+") == 0:
		why = "must not start with '_', '-', or '+'"
	case len(name) > 255:
		why = fmt.Sprintf("index name is too long, (%d > 255)", len(name))
	case name == "." || name == "..":
		why = "must not be '.' or '..'"
	case strings.ContainsFunc(name, unicode.IsUpper):
		why = "must be lowercase"
	default:
		return nil
	}
	return &apiError{
		status: http.StatusBadRequest, typ: "invalid_index_name_exception",
		reason: fmt.Sprintf("Invalid index name [%s], %s", name, why), meta: na(name),
	}
}

// glob reports whether pattern, in which * stands for any bytes, fits s.
func glob(pattern, s string) bool {
	for {
		lit, rest, star := strings.Cut(pattern, "*")
		if !star {
			return s == pattern
		}
		if !strings.HasPrefix(s, lit) {
			return false
		}
		s = s[len(lit):]
		if rest == "" {
			return true
		}
		next, _, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, next)
		}
		i := strings.Index(s, next)
		if i < 0 {
			return false
		}
		s, pattern = s[i:], rest
	}
}
