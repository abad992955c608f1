// Package agent is one running Sluice: it puts the parts that catalog knows
// together for one configuration, runs them, and stops them in order.
//
// Promise: nothing is global but the data directory, which one process holds
// at a time, so two agents fit in one test. The order of the stop: inputs,
// lanes, checkpoint, metrics.
package agent
