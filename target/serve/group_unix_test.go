//go:build unix

package serve

import (
	"syscall"
	"testing"
)

// Ctrl-C goes to the group in the foreground, which must not be the child's.
func TestChildHasAGroupOfItsOwn(t *testing.T) {
	child, err := Start(t.Context(), Options{}, as("child"))
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	group, err := syscall.Getpgid(child.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if group == syscall.Getpgrp() {
		t.Error("the child is in our group")
	}
}
