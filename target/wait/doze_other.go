//go:build !linux

package wait

// newNap needs nothing that a thread must be bound for.
func newNap() Sleeper { return newSleeper() }
