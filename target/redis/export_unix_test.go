//go:build unix

package redis

import (
	"testing"
	"time"
)

// What tests from outside, which run whole scenarios, need of those inside.

// Memory is a server in memory: where it listens, and how often it has carried a
// command out.
func Memory(t testing.TB) (address string, counted func(command string) int) {
	s := newStore(t, func(s *store) { s.hook = blocks })
	return s.address(), func(command string) int { return s.seen().commands[command] }
}

// Real is a redis-server, or the end of the test where that is not installed.
func Real(t testing.TB) (address string, counted func(command string) int, blocked func() int) {
	r := realServer(t)
	return r.address, func(command string) int { return r.calls(command) }, func() int { _, n := r.clients(1); return n }
}

// Eventually waits until something is so.
func Eventually(t testing.TB, what string, so func() bool) { eventually(t, what, so) }

// Bare makes calls over connections of its own, so many at a time, with nothing
// but a goroutine, a net.Conn and a parser for each.
func Bare(t testing.TB, address string, atOnce, calls int, took func(time.Duration)) {
	bare(t, address, atOnce, calls, took)
}
