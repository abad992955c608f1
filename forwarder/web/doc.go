// Package web takes records by HTTP, as Fluentd's source http.
//
// Promise: 200 is answered when every record of the request is safe, and not
// before; a request that is wrong is refused whole, with what is wrong. Where
// there is no room the answer is 503 with Retry-After, before the body is read.
// A 503 behind the body means that some of it may be taken: the client sends it
// again, and what was taken is then stored twice.
package web
