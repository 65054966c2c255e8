package monitor

import "syscall"

// ownGroup has a command begin a process group of its own, and end with us, however we
// do: the system ends it with the thread that began it, of which Go keeps every one.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
