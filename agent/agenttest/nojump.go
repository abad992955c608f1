//go:build !clockjump

package agenttest

func jump() {}
