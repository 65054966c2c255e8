//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// procfs tells whether the system shows its processes as files.
var procfs = there("/proc/self/stat")

// status is a process's state, a letter, and its parent's number.
func status(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	// The second field is the name in brackets, which may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

// children are the simulated servers that a process has started; none where
// there is no telling.
func children(pid int) (pids []int) {
	found, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range found {
		child, _ := strconv.Atoi(filepath.Base(dir))
		state, parent := status(child)
		if command, _ := os.ReadFile(filepath.Join(dir, "cmdline")); parent == pid && state != "Z" &&
			slices.Contains(strings.Split(string(command), "\x00"), "--child") {
			pids = append(pids, child)
		}
	}
	return pids
}

// alive tells whether a process is still there and no zombie.
func alive(pid int) bool {
	if state, _ := status(pid); state == "Z" {
		return false
	}
	return syscall.Kill(pid, 0) == nil
}
