//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package result

import (
	"os"
	"syscall"
)

// lock keeps a file for this process, as long as it is open, and tells whether
// it could.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
