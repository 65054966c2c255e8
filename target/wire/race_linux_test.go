//go:build race

package wire_test

// dearer is how many times as often package tls allocates memory with the detector of
// races, about.
const dearer = 3
