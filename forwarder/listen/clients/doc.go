// Package clients holds programs that send records with other people's Forward
// clients, from their own registries: the independent judges of package listen.
// Its test starts a running Sluice and lets each of them send; and it lets a
// Sluice send to the server that one of them has.
//
// Promise: the programs use the clients as their documentation says, and put
// into each record what the receiver is to find: seq, from 0, and at, the time
// that the client was given, as SECONDS.NANOSECONDS.
//
// Every program reads the environment: HOST, PORT, TAG, COUNT; ACK, EVENTTIME
// (sub-second time), ASYNC, JSON, TLS with CA (a PEM file): 1 for on; MODE, LIB,
// SOCKET (of a unix socket), SHARED_KEY, FLUENT_USER and FLUENT_PASSWORD. One
// that cannot do what is asked for exits with status 2.
package clients
