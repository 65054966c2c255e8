//go:build !unix

package runner

import "time"

// Where the system is asked differently, machine_use says 0.
func cpuTime() time.Duration { return 0 }

func cpuWait() time.Duration { return 0 }

func residentBytes() int64 { return 0 }
