//go:build !race

package listen

const racing = false
