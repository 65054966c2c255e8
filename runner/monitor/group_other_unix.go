//go:build unix && !linux

package monitor

import "syscall"

// ownGroup has a command begin a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
