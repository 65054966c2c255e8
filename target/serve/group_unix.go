//go:build unix

package serve

import "syscall"

// ownGroup keeps the terminal's Ctrl-C away from the child: the parent
// decides when it ends.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
