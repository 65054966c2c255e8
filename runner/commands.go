package runner

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
)

// commands runs a scenario's `before` or `after` commands, each by the shell.
// They get no input, and what they print goes to Output.
func (r *underWay) commands(ctx context.Context, list []string) error {
	for _, line := range list {
		shell := []string{"sh", "-c", line}
		if runtime.GOOS == "windows" {
			shell = []string{"cmd", "/C", line}
		}
		cmd := exec.CommandContext(ctx, shell[0], shell[1:]...)
		cmd.Stdout, cmd.Stderr = r.Output, r.Output
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("the command %q failed: %w", line, err)
		}
	}
	return nil
}
