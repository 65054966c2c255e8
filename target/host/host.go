// Package host says what the machine gives this process: processors, file
// descriptors, local ports, memory, and whether time went by without it. What
// is met there is the generator's own limit and none of a target's. What a
// system does not tell is 0.
package host

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Processors is how many this process may keep busy: those there are, or fewer
// where a control group's quota is lower.
func Processors() int { return within(groups().quota(), runtime.NumCPU()) }

// within is how many of the processors a quota lets be busy, any part of one
// being one; 0 is no quota.
func within(quota float64, processors int) int {
	if quota <= 0 {
		return processors
	}
	return max(1, min(processors, int(math.Ceil(quota))))
}

// Throttled is how long the quota of the control group has kept its processes
// from running so far, added up over its processors.
func Throttled() time.Duration { return groups().throttled() }

// DescriptorsOpen is how many file descriptors this process holds.
func DescriptorsOpen() int64 {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return 0
	}
	return int64(len(open)) - 1 // the one that it was read by
}

func ports() int64 {
	text, _ := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 0
	}
	low, high := number(fields[0]), number(fields[1])
	return max(0, high-low+1)
}

func fileMax() int64 { return fromFile("/proc/sys/fs/file-max") }

// memoryLimit is that of the control group; 0 for none.
func memoryLimit() int64 {
	g := groups()
	limit := fromFile(filepath.Join(g.memory, "memory.max"))
	if limit == 0 {
		limit = fromFile(filepath.Join(g.memory, "memory.limit_in_bytes"))
	}
	if limit >= 1<<62 {
		return 0 // what version 1 calls none
	}
	return limit
}

// fromFile is the number that a file holds; 0 where there is none.
func fromFile(path string) int64 {
	text, _ := os.ReadFile(path)
	return number(strings.TrimSpace(string(text)))
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
