//go:build !unix

package wire

// writeOnce leaves it all to a goroutine: there is no writing without blocking
// here.
func writeOnce(uintptr, []byte) (int, error) { return 0, nil }
