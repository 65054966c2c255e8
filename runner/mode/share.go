package mode

import (
	"strconv"

	"plimsoll/runner/schedule"
)

// Share is the part of a trial that one of several loops carries out: the K-th
// of N, from 0.
type Share struct{ K, N int }

// Whole is a trial that one loop carries out.
func Whole() Share { return Share{0, 1} }

// Part is the k-th of n parts of the share, from 0, which so is a share itself:
// all of them together are the calls and users of it, and no others.
func (s Share) Part(k, n int) Share { return Share{s.K + s.N*k, s.N * n} }

// Of is the share of a number of places or users.
func (s Share) Of(total int) int {
	part := total / s.N
	if s.K < total%s.N {
		part++
	}
	return part
}

// arrivals are those of the calls K, K+N, K+2N …
func (s Share) arrivals(all schedule.Arrivals) schedule.Arrivals {
	if s.N == 1 {
		return all
	}
	return schedule.Share(all, s.K, s.N)
}

// Name is that of the share's own random stream, for some purpose.
func (s Share) Name(purpose string) string {
	if s.K == 0 {
		return purpose
	}
	return purpose + " " + strconv.Itoa(s.K)
}

// What one loop is well able to do, so that fewer need no other beside them; it
// makes more than 100,000 calls a second.
const (
	ratePerLoop  = 40_000 // calls a second
	usersPerLoop = 64
	// fewestPlaces is how many calls in flight each loop must be allowed, so
	// that their limits together are hardly another limit than the one.
	fewestPlaces = 1024
)
