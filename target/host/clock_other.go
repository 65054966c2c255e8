//go:build !linux

package host

import "time"

// Asleep is how long the machine was suspended so far, since some time: Go's
// clock, by which everything is measured, stands still meanwhile and the time
// of day does not. Whoever sets that, of which there is no telling here, seems
// to have suspended the machine, too.
func Asleep() time.Duration {
	now := time.Now()
	return time.Duration(now.UnixNano()) - now.Sub(began)
}

var began = time.Now()
