//go:build !race

package forward

const race = false
