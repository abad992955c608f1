package buffer

import "strings"

// ownerOf says whose records have a tag: the namespace in the tag of a
// container file (kubernetes.var.log.containers.POD_NAMESPACE_CONTAINER-ID.log),
// else the tag itself. One owner's flood does not take the memory of the others.
func ownerOf(tag string) string {
	if strings.HasSuffix(tag, ".log") {
		if _, rest, ok := strings.Cut(tag, "_"); ok {
			if namespace, _, ok := strings.Cut(rest, "_"); ok {
				return namespace
			}
		}
	}
	return tag
}
