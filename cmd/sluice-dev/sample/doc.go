// Package sample has two applications that log as services of a lender do, so
// that there is something to look at: Rails sends its records with the Fluent
// logger for Go, Scala writes the files a container runtime and a kubelet would.
//
// Promise: the same seed and clock make the same logs; all names and numbers are
// made up; nothing is left running or open when Run returns.
package sample
