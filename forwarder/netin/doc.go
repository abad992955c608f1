// Package netin holds what servers on a network have in common: who may come
// in and how often at once, how much memory they may hold together, how what
// they read goes on.
//
// Promise: a peer costs what it has sent and no more, whoever is denied costs
// next to nothing, and a peer that keeps on being wrong does not fill the log.
// A batch is handed on with its ticket, or the error says that it was not.
package netin
