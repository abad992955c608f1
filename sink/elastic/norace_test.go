//go:build !race

package elastic

const race = false
