//go:build !race

package wire_test

// dearer is how many times as often package tls allocates memory as it does.
const dearer = 1
