//go:build unix

package runner

import (
	"os/exec"
	"syscall"
)

// inGroup gives a command a process group of its own, which is told to end as
// a whole: a shell alone would leave behind what it has started.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
