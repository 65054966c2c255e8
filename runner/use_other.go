//go:build !unix

package runner

import "time"

// Where the system is asked differently, machine_use says 0.
func cpuTime() time.Duration { return 0 }

func threadWaits() map[string]time.Duration { return nil }

func residentBytes() int64 { return 0 }

func peakBytes() int64 { return 0 }
