package exec

import (
	"os"
	"syscall"
)

// grouped has a program begin a process group of its own, and end with us. The
// system ends it with the thread that began it, of which Go keeps every one.
func grouped() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// memory is what the program had at the most, in bytes. The system counts what
// plimsoll itself had when it began the program, too, so it is never less.
func memory(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}
