// Package tlsfiles provides certificates, keys and authorities that may change
// at any time: PEM files, as Kubernetes and cert-manager renew them.
//
// Promise: what is in use is always one whole, matching set. A new set is taken
// up for the handshakes that begin after it was read; connections that are open
// go on. Files that do not fit together, are cut short or are gone change
// nothing. Standard library only.
package tlsfiles
