//go:build unix && !linux

package exec

import (
	"os"
	"runtime"
	"syscall"
)

func grouped() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// memory is what the program had at the most, in bytes.
func memory(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
