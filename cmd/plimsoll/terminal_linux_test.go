package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// onTerminal runs the program with stdout and stderr on a terminal of its own,
// and returns all that appears there.
func onTerminal(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer screen.Close()
	fd := int(screen.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = errors.Join(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0),
			unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100}))
	}
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("plimsoll", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, terminal, terminal
	cmd.Env = append(append(os.Environ(), "TERM=xterm-256color", "NO_COLOR="), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	var seen bytes.Buffer
	_, _ = io.Copy(&seen, screen) // it ends with an error when nobody has the terminal any more
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &seen)
	}
	return seen.String()
}

// A terminal gets bars that are taken away again, and colour unless that is
// not wanted; what commands print stays whole.
func TestTerminal(t *testing.T) {
	t.Parallel()
	dir := folder(t, `
targets: {a: {sim: {delay: 20ms}}}
scenarios:
  - name: one
    target: a
    requests: 40
    modes: [sequential]
    before: ["echo one line", "echo another line >&2"]
    thresholds: [p99 < 1h]
`)
	const bar, bold = "━", "\x1b[1m"
	seen := onTerminal(t, dir, nil, "run", "s.yaml")
	for _, want := range []string{bar, "0/1 trials", "one sequential", "/40  ", "one line\r\n", "another line\r\n", bold, "\none", "results: "} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is missing from %q", want, seen)
		}
	}
	if tables := seen[strings.Index(seen, "s.yaml · "):]; strings.Contains(tables, bar) {
		t.Errorf("a bar is left among the tables: %q", tables)
	}
	for what, seen := range map[string]string{
		"--no-color": onTerminal(t, dir, nil, "run", "s.yaml", "--no-color"),
		"NO_COLOR":   onTerminal(t, dir, []string{"NO_COLOR=1"}, "run", "s.yaml"),
	} {
		if strings.Contains(seen, bold) || !strings.Contains(seen, bar) {
			t.Errorf("%s: %q", what, seen)
		}
	}
	if seen := onTerminal(t, dir, nil, "run", "s.yaml", "--quiet"); strings.Contains(seen, bar) || !strings.Contains(seen, bold) {
		t.Errorf("--quiet: %q", seen)
	}
	if seen := onTerminal(t, dir, []string{"TERM=dumb"}, "run", "s.yaml"); strings.Contains(seen, "\x1b") {
		t.Errorf("TERM=dumb: %q", seen)
	}
	if seen := onTerminal(t, dir, nil, "report", "results/latest"); !strings.Contains(seen, bold) {
		t.Errorf("report: %q", seen)
	}
}
