//go:build unix

package runner

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpuTime is the processor time of this process, user and system together.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// threadWaits is how long each thread of this process was ready to run and had
// no processor: others had them, or a quota was used up. None where there is no
// Linux to tell. It is asked while calls are under way, on the processor that they
// need: no directory but that of the threads is read.
func threadWaits() map[string]time.Duration {
	const threads = "/proc/self/task"
	dir, err := os.Open(threads)
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	waits := make(map[string]time.Duration, len(names))
	for _, name := range names {
		text, _ := os.ReadFile(threads + "/" + name + "/schedstat") // of one that has ended: nothing
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			waited, _ := strconv.ParseInt(fields[1], 10, 64)
			waits[name] = time.Duration(waited)
		}
	}
	return waits
}

// peakBytes is the most memory that this process has occupied, where a program that
// it begins is told to have had as much: on Linux, which goes on counting.
func peakBytes() int64 {
	var u syscall.Rusage
	if runtime.GOOS != "linux" || syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return int64(u.Maxrss) << 10
}

// residentBytes is the memory this process occupies now; 0 where there is no
// /proc to tell.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
