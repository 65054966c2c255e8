package main

import (
	"bufio"
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The command line, as people type it: testdata/script. Beside testscript's
// own commands there are
//
//	code N COMMAND …   runs the command, which must end with exit code N
//	requests N         the servers at $SERVER and, over TLS, at $SECURE must have had
//	                   N requests so far
//	files N PATTERN    so many files must match the pattern
//	serve FILE TARGET  serves that target; $SERVED is its URL, and $AT what follows the scheme
func TestCommandLine(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup:              countingServer,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "requests": requests, "files": files, "serve": serveTarget,
		},
	})
}

// requestsKey is where a script keeps the number of requests to its server.
type requestsKey struct{}

func countingServer(env *testscript.Env) error {
	count := new(atomic.Int64)
	counts := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { count.Add(1) })
	server, secure := everyVersion(counts), everyVersion(counts)
	server.Start()
	env.Defer(server.Close)
	env.Setenv("SERVER", server.URL)
	secure.StartTLS()
	env.Defer(secure.Close)
	env.Setenv("SECURE", secure.URL)
	env.Setenv("GORACE", noNap)
	env.Values[requestsKey{}] = count
	return nil
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	want := number(ts, neg, args, 2, "code N COMMAND [ARGUMENT…]")
	err := ts.Exec(args[1], args[2:]...)
	var failed *exec.ExitError
	switch {
	case err == nil && want == 0:
	case errors.As(err, &failed) && failed.ExitCode() == want:
	default:
		ts.Fatalf("ended with %v, not with %d", err, want)
	}
}

func requests(ts *testscript.TestScript, neg bool, args []string) {
	want := number(ts, neg, args, 1, "requests N")
	if got := ts.Value(requestsKey{}).(*atomic.Int64).Load(); got != int64(want) {
		ts.Fatalf("the server has had %d requests, not %d", got, want)
	}
}

func files(ts *testscript.TestScript, neg bool, args []string) {
	want := number(ts, neg, args, 2, "files N PATTERN")
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(found) != want {
		ts.Fatalf("there are %d, not %d: %q", len(found), want, found)
	}
}

func serveTarget(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve FILE TARGET")
	}
	cmd := exec.Command("plimsoll", "serve", "--addr", "127.0.0.1:0", "--file", ts.MkAbs(args[0]), "--target", args[1])
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	ts.Check(err)
	url, _, _ := strings.Cut(strings.TrimPrefix(line, "serving on "), " ")
	_, at, _ := strings.Cut(url, "://")
	ts.Setenv("SERVED", url)
	ts.Setenv("AT", at)
}

// number is the first of the arguments of a command, of which there are least
// or more.
func number(ts *testscript.TestScript, neg bool, args []string, least int, usage string) int {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", usage)
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	return n
}
