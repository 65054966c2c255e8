package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// Asleep is how long the machine was suspended so far, since some time: Go's
// clock, by which everything is measured, stands still meanwhile.
func Asleep() time.Duration {
	var with, without unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &with) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &without) != nil {
		return 0
	}
	return time.Duration(with.Nano() - without.Nano())
}
