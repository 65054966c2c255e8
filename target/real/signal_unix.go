//go:build unix

package real

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Signal sends a process a signal. One that freezes it (SIGSTOP) is waited for, up to
// ten seconds: on a busy machine a process goes on for a moment until it heeds it.
func Signal(pid int, signal syscall.Signal) {
	if syscall.Kill(pid, signal) != nil || signal != syscall.SIGSTOP {
		return
	}
	for until := time.Now().Add(10 * time.Second); !frozen(pid) && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
}

// frozen tells whether no thread of a process runs. Where the system has no /proc, it
// is taken to be.
func frozen(pid int) bool {
	threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// PID (COMMAND) STATE …
		if fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]); len(fields) > 0 && fields[0][0] != 'T' && fields[0][0] != 'Z' {
			return false
		}
	}
	return true
}
