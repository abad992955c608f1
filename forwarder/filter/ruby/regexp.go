package ruby

import (
	"fmt"
	"regexp"
	"strings"
)

// regexpValue compiles a Ruby regular expression: ^ and $ stand at each line, m
// lets the dot match a line's end, x passes blanks and comments.
func regexpValue(src, flags string) (value, error) {
	prefix := "(?m)"
	text := src
	for _, f := range flags {
		switch f {
		case 'i':
			prefix += "(?i)"
		case 'm':
			prefix += "(?s)"
		case 'x':
			text = extended(text)
		case 'o', 'u', 'n':
		default:
			return value{}, fmt.Errorf("unknown flag %c", f)
		}
	}
	re, err := regexp.Compile(prefix + fromOnigmo(text))
	if err != nil {
		return value{}, err
	}
	return value{kind: kRegexp, s: src, o: &object{re: re}}, nil
}

// fromOnigmo writes what RE2 writes otherwise.
func fromOnigmo(s string) string {
	var out strings.Builder
	class := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			switch d := s[i]; {
			case d == 'h' && class:
				out.WriteString("0-9a-fA-F")
			case d == 'h':
				out.WriteString("[0-9a-fA-F]")
			case d == 'H' && !class:
				out.WriteString("[^0-9a-fA-F]")
			case d == 'Z':
				out.WriteString(`(?:\n?\z)`)
			case d == 'R' && !class:
				out.WriteString(`(?:\r\n|[\n\r])`)
			case strings.IndexByte(`/"'#@%&=~:;,<>! `+"`", d) >= 0:
				out.WriteByte(d)
			default:
				out.WriteByte(c)
				out.WriteByte(d)
			}
		case c == '[' && class && strings.HasPrefix(s[i:], "[:"):
			end := strings.Index(s[i:], ":]")
			if end < 0 {
				end = 0
			} else {
				end++
			}
			out.WriteString(s[i : i+end+1])
			i += end
		case c == '[' && !class:
			class = true
			out.WriteByte(c)
			if strings.HasPrefix(s[i+1:], "]") || strings.HasPrefix(s[i+1:], "^]") {
				n := strings.IndexByte(s[i+1:], ']') + 1
				out.WriteString(s[i+1:i+1+n-1] + `\]`)
				i += n
			}
		case c == ']' && class:
			class = false
			out.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// extended removes the blanks and comments of a pattern with the flag x.
func extended(s string) string {
	var out strings.Builder
	class := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			out.WriteString(s[i : i+2])
			i++
		case !class && strings.IndexByte(" \t\r\n", c) >= 0:
		case !class && c == '#':
			for i+1 < len(s) && s[i+1] != '\n' {
				i++
			}
		default:
			class = c == '[' || class && c != ']'
			out.WriteByte(c)
		}
	}
	return out.String()
}
