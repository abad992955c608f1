package fluent

import (
	"fmt"
	"slices"
	"strings"

	"sluice/conf"
)

// mask stands for a secret.
const mask = "********"

// secrets are the parameters whose values nobody should read over a shoulder.
var secrets = []string{
	"password", "shared_key", "api_key", "private_key_passphrase", "passphrase", "client_key_pass",
	"ca_private_key_passphrase", "tls_client_private_key_passphrase", "secret", "token", "bearer_token", "hmac_key",
}

// raw is how a parameter's value is written where that must stay: its Ruby. A
// secret that is there in plain text is masked.
func raw(p *conf.Param) (text string, ruby bool) {
	switch {
	case p.Raw != "":
		return p.Raw[1 : len(p.Raw)-1], true
	case p.Default:
		return "#{use_default}", true
	case p.Null:
		return "#{use_nil}", true
	case slices.Contains(secrets, p.Name) && p.Value != "":
		return mask, false
	}
	return p.Value, false
}

// Write writes the tree as a fluent.conf that reads back as the same tree,
// includes in their places, Ruby as it was written, secrets masked.
func Write(root *conf.Element) string {
	var out strings.Builder
	writeParams(&out, root, "")
	for i, c := range root.Children {
		if i > 0 || len(root.Params) > 0 {
			out.WriteByte('\n')
		}
		writeSection(&out, c, "")
	}
	return out.String()
}

func writeSection(out *strings.Builder, e *conf.Element, indent string) {
	arg := e.Arg
	if arg != "" {
		if strings.ContainsAny(arg, "\"'>\n\\") || strings.TrimSpace(arg) != arg || strings.HasPrefix(arg, "#") {
			arg = doubleQuoted(arg)
		}
		arg = " " + arg
	}
	fmt.Fprintf(out, "%s<%s%s>\n", indent, e.Name, arg)
	writeParams(out, e, indent+"  ")
	for _, c := range e.Children {
		writeSection(out, c, indent+"  ")
	}
	fmt.Fprintf(out, "%s</%s>\n", indent, e.Name)
}

func writeParams(out *strings.Builder, e *conf.Element, indent string) {
	for i := range e.Params {
		p := &e.Params[i]
		name := p.Name
		if name == "" || strings.ContainsAny(name, " \t\r\n\"'<#\\") || name == "@include" {
			name = doubleQuoted(name)
		}
		text, ruby := raw(p)
		switch {
		case ruby:
			text = `"` + text + `"`
		case !bare(text):
			text = doubleQuoted(text)
		}
		out.WriteString(strings.TrimRight(indent+name+" "+text, " ") + "\n")
	}
}

// bare reports whether a value needs no quotes: it is read back as it is.
func bare(v string) bool {
	if v == "" {
		return true
	}
	if v[0] == '[' || v[0] == '{' {
		c, err := compact(v)
		return err == nil && c == v && !strings.ContainsAny(v, "#\n")
	}
	return !strings.ContainsAny(v[:1], "\"'#") && !strings.ContainsAny(v, "\n\r") && strings.Trim(v, " \t") == v &&
		!strings.Contains(v, " #") && !strings.Contains(v, "\t#")
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`, "\b", `\b`, "\x00", `\0`, "#{", `\#{`)

func doubleQuoted(s string) string { return `"` + quoting.Replace(s) + `"` }
