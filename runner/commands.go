package runner

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// toObey is how long a command that was told to end may take.
const toObey = 2 * time.Second

// commands runs a scenario's `before` or `after` commands, each by the shell.
// They get no input, and what they print goes to Output. When ctx is done they
// are told to end, with whatever they have started. What they leave running on
// purpose (`server &`) is left alone.
func (r *underWay) commands(ctx context.Context, list []string) error {
	for _, line := range list {
		shell := []string{"sh", "-c", line}
		if runtime.GOOS == "windows" {
			shell = []string{"cmd", "/C", line}
		}
		cmd := exec.CommandContext(ctx, shell[0], shell[1:]...)
		cmd.Stdout, cmd.Stderr = r.Output, r.Output
		cmd.WaitDelay = toObey
		inGroup(cmd)
		err := cmd.Run()
		if ctx.Err() != nil {
			return fmt.Errorf("the command %q was broken off: %w", line, ctx.Err())
		}
		if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			return fmt.Errorf("the command %q failed: %w", line, err)
		}
	}
	return nil
}
