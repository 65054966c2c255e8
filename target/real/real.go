// Package real is for tests only: programs of others that they start, or set
// plimsoll beside, as they are installed on this machine.
package real

import (
	"os"
	"os/exec"
	"testing"
)

// Program is where a program is. The test skips where it is not installed, and
// fails where PLIMSOLL_REAL says that it was to be.
func Program(t testing.TB, name string) (path string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Absent(t, name)
	}
	return path
}

// Absent ends a test for which something is not installed.
func Absent(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("PLIMSOLL_REAL") != "" {
		t.Fatal(name, "is not installed")
	}
	t.Skip(name, "is not installed")
}
