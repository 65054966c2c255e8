//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The cores, where server and client have one each.
const (
	serverCore = "0"
	clientCore = "1"
)

// pin puts a command on a core.
func (l *lab) pin(core string, words []string) []string {
	if !l.pinned {
		return words
	}
	return append([]string{"taskset", "-c", core}, words...)
}

// ran is what a client's process took, and printed.
type ran struct {
	output       string
	code         int
	user, system time.Duration
	resident     int64 // bytes, the most it had
	glances      []glance
}

// glance is what a process had at a time since its start.
type glance struct {
	at       time.Duration
	resident int64 // bytes
	files    int   // open, most of them sockets
}

func (r ran) cpu() time.Duration { return r.user + r.system }

// process runs a client's command to its end. That it fails is no error: some
// do because calls failed, others when a duration ends them; whoever reads the
// output or the server's count finds out.
func (l *lab) process(ctx context.Context, words []string) (ran, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(l.seconds)*time.Second+time.Minute)
	defer cancel()
	words = l.pin(clientCore, words)
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return ran{}, err
	}
	looked := look(cmd.Process.Pid)
	err := cmd.Wait()
	r := looked()
	if ctx.Err() != nil {
		return r, fmt.Errorf("%s: %w", strings.Join(words, " "), ctx.Err())
	}
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		return r, err
	}
	r.output, r.code = output.String(), cmd.ProcessState.ExitCode()
	r.user, r.system = cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime()
	return r, nil
}

// look looks at a process ten times a second until the returned function is
// called, which tells what was seen. Its highest memory comes from there: the
// figure that wait4 gives holds our own, from before the process began its
// program.
func look(pid int) (stop func() ran) {
	done, result := make(chan struct{}), make(chan ran, 1)
	go func() {
		var r ran
		start := time.Now()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				now, most := memory(pid)
				r.resident = max(r.resident, most)
				if files := openFiles(pid); files > 0 {
					r.glances = append(r.glances, glance{time.Since(start), now, files})
				}
			case <-done:
				result <- r
				return
			}
		}
	}()
	return func() ran {
		close(done)
		return <-result
	}
}

// memory is the resident memory that a process has, and the most it has had,
// in bytes; 0 when it is gone.
func memory(pid int) (now, most int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	of := func(key string) int64 {
		_, rest, _ := strings.Cut(string(status), key)
		words := strings.Fields(rest)
		if len(words) == 0 {
			return 0
		}
		kilobytes, _ := strconv.ParseInt(words[0], 10, 64)
		return kilobytes << 10
	}
	return of("VmRSS:"), of("VmHWM:")
}

// openFiles counts without naming them; since Linux 6.2 the kernel tells.
func openFiles(pid int) int {
	about, err := os.Stat(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return int(about.Size())
}
