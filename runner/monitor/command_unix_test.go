//go:build unix

package monitor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// lasting is a command that lasts, and tells its number in a file.
func lasting(t *testing.T) (s *Settings, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "pid")
	return &Settings{Name: "m", Interval: time.Hour, Command: []string{"sh", "-c", "echo $$ >" + file + "; exec sleep 600"}}, file
}

// begun waits for it.
func begun(t *testing.T, file string) (pid string) {
	t.Helper()
	soon(t, "the command has begun", func() bool {
		text, _ := os.ReadFile(file)
		pid = strings.TrimSpace(string(text))
		return pid != ""
	})
	return pid
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("never: %s", what)
		}
	}
}

// What is to be given up at once ends a command that it finds at work, before anybody
// waits for what it saw.
func TestCommandsAreGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	ctx, giveUp := context.WithCancel(t.Context())
	s, file := lasting(t)
	w := Begin(ctx, []*Settings{s}, 0, time.Hour)
	pid := begun(t, file)
	giveUp()
	soon(t, "the command has ended", func() bool { return !running(pid) })
	w.End()()
}

// However we end, a command ends with us.
func TestCommandsEndWithUs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the system does not see to it")
	}
	s, file := lasting(t)
	us := exec.Command(os.Args[0])
	us.Env = append(os.Environ(), "MONITORED=watch "+s.Command[2])
	us.Stderr = os.Stderr
	if err := us.Start(); err != nil {
		t.Fatal(err)
	}
	pid := begun(t, file)
	_ = us.Process.Kill()
	_ = us.Wait()
	soon(t, "the command has ended", func() bool { return !running(pid) })
}
