package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"plimsoll/runner/result"
)

// long asks for the proofs that take minutes: go test ./cmd/plimsoll -long
var long = flag.Bool("long", false, "kill more runs, simulate more calls")

// The test binary is the program, too: as `plimsoll` on the PATH, and as the
// child of a run within a test, which starts os.Executable with these
// arguments.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" && os.Args[2] == "--child" {
		main()
	}
	_ = os.Setenv("GORACE", noNap)
	// These tests wait more than they work, and the longest begin among the last. The
	// command line may say otherwise.
	_ = flag.Set("test.parallel", "12")
	testscript.Main(leakless{m}, map[string]func(){"plimsoll": main, "astray": astray})
}

// noNap keeps programs under the race detector from sleeping a second when
// they end, which it does by default.
const noNap = "atexit_sleep_ms=0"

// leakless fails when the tests have left a goroutine behind.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	// Programs started from here heed a hang-up, also where nohup(1) has started
	// us: what is handled, and not ignored, they have as it is by default.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	cache, err := os.MkdirTemp("", "plimsoll-cache-") // what agents keep, and no one's own
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(cache)
	_ = os.Setenv("XDG_CACHE_HOME", cache)
	code := m.M.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// ended is what came of the program.
type ended struct {
	code           int
	stdout, stderr string
}

// within runs the program in this process, where goleak sees what it leaves.
func within(args ...string) ended {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
	return ended{code, stdout.String(), stderr.String()}
}

// process is the program in a process of its own.
type process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	gone           chan struct{}
}

// start starts the program in the folder dir. It is killed when the test ends.
func start(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	return startProgram(t, dir, "plimsoll", args...)
}

// startProgram starts any program, as start does.
func startProgram(t testing.TB, dir, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...), gone: make(chan struct{})}
	p.Dir, p.Stdout, p.Stderr, p.WaitDelay = dir, &p.stdout, &p.stderr, 5*time.Second
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.gone)
		_ = p.Wait()
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.gone
	})
	return p
}

// wait waits for the program's end.
func (p *process) wait(t testing.TB) ended {
	t.Helper()
	return p.waitFor(t, 2*time.Minute)
}

// waitFor waits that long at most.
func (p *process) waitFor(t testing.TB, most time.Duration) ended {
	t.Helper()
	select {
	case <-p.gone:
	case <-time.After(most):
		t.Fatalf("%v does not end", p.Args)
	}
	return ended{p.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
}

// plimsoll runs the program in the folder dir.
func plimsoll(t testing.TB, dir string, args ...string) ended {
	t.Helper()
	return start(t, dir, args...).wait(t)
}

// folder makes a folder with a scenario file, s.yaml.
func folder(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// latest is the newest result in the folder dir. Loading it checks that its
// counts add up.
func latest(t testing.TB, dir string) *result.Run {
	t.Helper()
	run, err := result.Load(filepath.Join(dir, "results", "latest"))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not so after a minute: %s", what)
		}
	}
}

// there tells whether a file exists.
func there(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return !errors.Is(err, os.ErrNotExist)
}
