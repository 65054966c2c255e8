//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fleet

import (
	"os"
	"syscall"
)

// hold keeps a file for this process, as long as it is open; false: another one does.
func hold(f *os.File) bool { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil }
