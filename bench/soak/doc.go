// Package soak kills an agent again and again while it works, and counts
// afterwards; lets one work for long, and measures it; and has files and pods
// come and go under one.
//
// Promise: what is generated is numbered, so that every record is accounted
// for: stored once, or a dead letter; else it is reported lost or doubled. The
// agent under test is a process of its own, started as its users start it, and
// only what this package started is ever killed. Equal seeds make equal plans;
// what the machine's scheduler does with them is its own.
package soak
