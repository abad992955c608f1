// Package enrich tells, for the log of a container, what Kubernetes knows of
// its pod: labels, annotations, owners, image, the labels of its node and
// namespace.
//
// Promise: reading never depends on the API server. A log waits for its pod's
// metadata at most Config.Wait, once a pod, and not at all while the server
// cannot be reached; then its records go on with what is known, marked partial.
// What was known once stays known for as long as a log of the pod is read, for
// a while after, and, by a file in the data directory, over a restart. Changes
// arrive as a new fragment; a fragment never changes.
//
// It watches core/v1 by three reflectors: the pods of its own node, its node,
// and the namespaces. What is kept of a pod is what records show of it.
package enrich
