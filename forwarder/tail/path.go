package tail

import (
	"os"
	"path/filepath"
	"strings"
)

// place is what the paths of a container's log tell.
type place struct {
	path        string // the real one, for want of anything better
	pod         string
	namespace   string
	uid         string // the pod's
	container   string
	containerID string
	restart     string // the N of N.log
	docker      bool   // written by Docker's json-file driver
}

// maxHops bounds a chain of links.
const maxHops = 16

// hops lists path and what it links to, step by step. Directories on the way
// that are links themselves are not resolved: their names may tell something.
func hops(path string) []string {
	all := []string{path}
	for len(all) < maxHops {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		all = append(all, to)
		path = to
	}
	return all
}

// placeOf reads the names that the kubelet gives: the link
// POD_NAMESPACE_CONTAINER-ID.log in /var/log/containers, its target
// NAMESPACE_POD_UID/CONTAINER/N.log in /var/log/pods (package kubelet/kuberuntime
// of Kubernetes), and where Docker writes, that one's target ID-json.log.
func placeOf(real string, hops []string) place {
	p := place{path: real}
	for _, hop := range append(hops, real) {
		name, isLog := strings.CutSuffix(filepath.Base(hop), ".log")
		if !isLog {
			continue
		}
		p.fromLink(name)
		p.fromPods(hop, name)
		if id, found := strings.CutSuffix(name, "-json"); found && isContainerID(id) {
			p.docker, p.containerID = true, id
		}
	}
	return p
}

func (p *place) fromLink(name string) {
	dash := strings.LastIndexByte(name, '-')
	if dash < 0 || !isContainerID(name[dash+1:]) {
		return
	}
	if parts := strings.Split(name[:dash], "_"); len(parts) == 3 {
		p.pod, p.namespace, p.container, p.containerID = parts[0], parts[1], parts[2], name[dash+1:]
	}
}

func (p *place) fromPods(path, name string) {
	if !isDigits(name) {
		return
	}
	dir := filepath.Dir(path)
	parts := strings.Split(filepath.Base(filepath.Dir(dir)), "_")
	if len(parts) == 3 {
		p.namespace, p.pod, p.uid, p.container, p.restart = parts[0], parts[1], parts[2], filepath.Base(dir), name
	}
}

func isContainerID(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isSibling reports whether name is what a rotation makes of base, plain
// or compressed: base, a dot or dash, and something that begins with a digit.
func isSibling(base, name string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(name, packedExt), base)
	if !ok || len(rest) < 2 || (rest[0] != '.' && rest[0] != '-') || rest[1] < '0' || rest[1] > '9' {
		return false
	}
	switch filepath.Ext(rest) {
	case ".tmp", ".xz", ".zst", ".bz2":
		return false
	}
	return true
}

// olderName orders two siblings of one base that were last written at the same
// instant: x.log.2 is older than x.log.1, x.log.20260101 than x.log.20260102.
func olderName(a, b string) bool {
	na, nb := counterOf(a), counterOf(b)
	switch {
	case na == nb: // the compressed one may be in the making
		return isPacked(a) && !isPacked(b)
	case isDigits(na) && isDigits(nb) && len(na) <= counterMax && len(nb) <= counterMax:
		return len(na) > len(nb) || len(na) == len(nb) && na > nb
	}
	return a < b
}

// counterMax is how many digits a number has that is no date.
const counterMax = 5

// counterOf is the end of a sibling's name: its number or date.
func counterOf(path string) string {
	name := strings.TrimSuffix(path, packedExt)
	return name[strings.LastIndexByte(name, '.')+1:]
}

const packedExt = ".gz"

// plainName is what a file was called before it was compressed.
func plainName(path string) string { return strings.TrimSuffix(path, packedExt) }

func isPacked(name string) bool { return strings.HasSuffix(name, packedExt) }

// tagOf puts a path into a tag as Fluentd does: slashes become dots, no two
// dots in a row, none in front.
func tagOf(pattern, path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' })
	return strings.Replace(pattern, "*", strings.Join(parts, "."), 1)
}
