package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target/real"
)

// waiting starts the program, which reads from a pipe that never ends, and
// returns when it has begun to.
func waiting(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command("plimsoll", args...), gone: make(chan struct{})}
	p.Dir, p.Stdin, p.Stdout, p.Stderr, p.WaitDelay = dir, read, &p.stdout, &p.stderr, 5*time.Second
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	go func() {
		defer close(p.gone)
		_ = p.Wait()
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.gone
		_ = write.Close()
	})
	if !slices.Contains(args, "fifo") {
		if _, err := write.WriteString(" "); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it reads", func() bool {
			n, err := unix.IoctlGetInt(int(write.Fd()), unix.TIOCINQ)
			return err == nil && n == 0
		})
		return p
	}
	eventually(t, "it has opened the pipe", func() bool {
		fd, err := syscall.Open(filepath.Join(dir, "fifo"), syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { _ = syscall.Close(fd) })
		}
		return err == nil
	})
	return p
}

// Whatever it waits for, a signal ends it.
func TestSignalsEndWhateverItDoes(t *testing.T) {
	const good = "targets: {t: {sim: {delay: 1ms}}}\nscenarios:\n  - {name: s, target: t, requests: 1, modes: [sequential]}\n"
	for _, args := range []string{"run -", "run fifo", "validate -", "validate fifo", "run s.yaml --versus fifo", "serve --file fifo --target t"} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(args+" "+s.String(), func(t *testing.T) {
				t.Parallel()
				dir := folder(t, good)
				if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
					t.Fatal(err)
				}
				p := waiting(t, dir, strings.Fields(args)...)
				if end, _ := interrupt(t, p, 0, s); end.code != 130 {
					t.Errorf("exit code %d\n%s", end.code, end.stderr)
				}
			})
		}
	}
}

// A server ends in good order.
func TestSignalsEndTheServer(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			address := real.Address(t)
			p := start(t, t.TempDir(), "serve", "--addr", address)
			eventually(t, "it serves", func() bool {
				answer, err := http.Get("http://" + address)
				if err == nil {
					_ = answer.Body.Close()
				}
				return err == nil
			})
			if end, _ := interrupt(t, p, 0, s); end.code != 0 {
				t.Errorf("exit code %d\n%s", end.code, end.stderr)
			}
		})
	}
}

// A signal ends the process unless somebody attends to it; the same one twice
// counts once, and who goes on asking is not asked to wait.
func TestWhoAttendsToASignal(t *testing.T) {
	var ended, cancelled int
	a := &attention{exit: func() { ended++ }, cancel: func() { cancelled++ }}
	ctx := context.WithValue(t.Context(), listening{}, a)
	now := time.Unix(1, 0)
	hear := func(after time.Duration, wantEnded, wantCancelled int) {
		t.Helper()
		now = now.Add(after)
		if a.hear(now); ended != wantEnded || (cancelled > 0) != (wantCancelled > 0) {
			t.Errorf("ended %d times, cancelled %d times", ended, cancelled)
		}
	}
	done := attend(ctx)
	hear(0, 0, 1)
	hear(time.Millisecond, 0, 1)
	hear(time.Second, 0, 1)
	hear(time.Second, 1, 1)
	ended, a.heard = 0, 1
	done()
	hear(time.Millisecond, 0, 1)   // the same
	hear(time.Second, 1, 1)        // nobody attends any more
	attend(context.Background())() // in a process that does not listen
}
