package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// serving starts `plimsoll serve` and returns its address, and a function that
// interrupts it and tells its exit code.
func serving(t *testing.T, dir string, args ...string) (url string, interrupt func() int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no interrupts")
	}
	cmd := exec.Command("plimsoll", append([]string{"serve"}, args...)...)
	cmd.Dir = dir
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, rest, _ := strings.Cut(strings.TrimPrefix(line, "serving on "), " ")
	if !strings.Contains(url, "://127.0.0.1:") || rest != "(Ctrl-C ends)\n" {
		t.Fatalf("it says %q", line)
	}
	return url, func() int {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode()
	}
}

// get gets a page, with its status and how long it took.
func get(t *testing.T, url string) (status int, body string, took time.Duration) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	began := time.Now()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), time.Since(began)
}

// A target of another kind is served as that kind speaks, with the delays of its
// model.
func TestServeTalks(t *testing.T) {
	t.Parallel()
	dir := folder(t, `
targets: {echo: {tcp: {serve: {delay: 50ms}, send: "ping\n", receive: {until: "\n"}}}}
scenarios: [{name: s, target: echo, requests: 1, modes: [sequential]}]
`)
	url, interrupt := serving(t, dir, "--addr", "127.0.0.1:0", "--file", "s.yaml", "--target", "echo")
	address, is := strings.CutPrefix(url, "tcp://")
	if !is {
		t.Fatal(url)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	if _, err := c.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if took := time.Since(began); line != "hello\n" || took < 50*time.Millisecond {
		t.Errorf("%q after %v, %v", line, took, err)
	}
	if code := interrupt(); code != 0 && code != 130 {
		t.Errorf("exit code %d", code)
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	url, interrupt := serving(t, "", "--addr", "127.0.0.1:0", "--delay", "50ms")
	for _, page := range []struct {
		path    string
		status  int
		body    string
		atLeast time.Duration
	}{
		{"/", 200, "OK\n", 50 * time.Millisecond},
		{"/any/path?x=1", 200, "OK\n", 50 * time.Millisecond},
		{"/health", 200, "OK\n", 0},
		{"/delay/0.1", 200, "OK\n", 100 * time.Millisecond},
		{"/delay/80ms", 200, "OK\n", 80 * time.Millisecond},
		{"/status/404", 404, "Not Found\n", 0},
		{"/status/999", 400, "", 0},
		{"/bytes/70000", 200, strings.Repeat("\x00", 70000), 0},
	} {
		status, body, took := get(t, url+page.path)
		if status != page.status || page.body != "" && body != page.body || took < page.atLeast {
			t.Errorf("%s: %d, %d bytes (%.40q) after %v", page.path, status, len(body), body, took)
		}
	}
	_, text, _ := get(t, url+"/echo?x=1")
	var echo struct{ Method, URL string }
	if err := json.Unmarshal([]byte(text), &echo); err != nil || echo.Method != "GET" || echo.URL != "/echo?x=1" {
		t.Errorf("/echo: %s, %v", text, err)
	}
	if code := interrupt(); code != 0 {
		t.Errorf("interrupted, it ends with %d", code)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		_ = conn.Close()
		t.Error("its port is still open")
	}
}

// --file and --target serve what a scenario file describes.
func TestServeFromFile(t *testing.T) {
	t.Parallel()
	dir := folder(t, `
targets:
  full: {sim: {delay: 1s, servers: 1, queue: 0, quota: 1/1h}}
  failing: {http: {serve: {delay: 1ms, errors: 100%}}}
  foreign: {http: {url: "http://127.0.0.1:1/"}}
scenarios:
  - {name: s, target: full, requests: 1, modes: [sequential]}
`)
	for target, want := range map[string]int{"full": http.StatusTooManyRequests, "failing": http.StatusInternalServerError} {
		url, _ := serving(t, dir, "--addr", "127.0.0.1:0", "--file", "s.yaml", "--target", target)
		_, _, _ = get(t, url)
		if status, _, _ := get(t, url); status != want {
			t.Errorf("%s: the second call gets %d, not %d", target, status, want)
		}
	}
	for args, want := range map[string]string{
		"--file s.yaml --target foreign":           "the target \"foreign\" of s.yaml is no simulated one: it has neither sim: nor serve:",
		"--file s.yaml --target ful":               "s.yaml has no target \"ful\", did you mean \"full\"?",
		"--file s.yaml":                            "--file and --target go together",
		"--target full":                            "--file and --target go together",
		"--file none.yaml --target full":           "there is no file none.yaml",
		"--delay -5ms":                             "--delay must not be negative",
		"--delay 5":                                "missing unit",
		"--delay 5ms --file s.yaml --target full":  "delay file",
		"--addr nonsense":                          "cannot listen at nonsense",
		"--child":                                  "serve --child is for plimsoll's own use",
		"--addr 127.0.0.1:0 --delay 1ms something": "takes no arguments",
	} {
		end := plimsoll(t, dir, append([]string{"serve"}, strings.Fields(args)...)...)
		if end.code != 2 && end.code != 3 || !strings.Contains(end.stderr, want) || end.stdout != "" {
			t.Errorf("serve %s: exit code %d, %s%s", args, end.code, end.stdout, end.stderr)
		}
	}
}

// --stream answers every path but the endpoints' as a server of a language model
// does.
func TestServeStreams(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"first: 30ms, gap: 5ms, events: 5", "{first: 30ms, gap: {uniform: [5ms, 6ms]}, events: {uniform: [5, 5]}}"} {
		url, interrupt := serving(t, "", "--addr", "127.0.0.1:0", "--stream", keys)
		status, body, took := get(t, url+"/v1/chat/completions")
		if events := strings.Count(body, `"content":"word "`); status != 200 || events != 5 || !strings.HasSuffix(body, "data: [DONE]\n\n") || took < 50*time.Millisecond {
			t.Errorf("%d, %d events in %q after %v", status, events, body, took)
		}
		if _, body, _ := get(t, url+"/health"); body != "OK\n" {
			t.Errorf("/health: %q", body)
		}
		if code := interrupt(); code != 0 {
			t.Errorf("interrupted, it ends with %d", code)
		}
	}
}

// A run measures what `serve` serves: the delay is all that its calls take.
func TestRunAgainstServe(t *testing.T) {
	t.Parallel()
	url, interrupt := serving(t, "", "--addr", "127.0.0.1:0", "--delay", "20ms")
	dir := folder(t, fmt.Sprintf(`
targets: {own: {http: {url: "%s/page"}}}
scenarios:
  - {name: s, target: own, requests: 10, modes: [sequential, concurrent]}
`, url))
	if end := plimsoll(t, dir, "run", "s.yaml"); end.code != 0 {
		t.Fatalf("exit code %d\n%s", end.code, end.stderr)
	}
	for _, trial := range latest(t, dir).Trials {
		if trial.OK != 10 || trial.Service.MinS < 0.020 || trial.BytesIn == 0 {
			t.Errorf("%s: %d ok, service from %v s, %d bytes", trial.Mode, trial.OK, trial.Service.MinS, trial.BytesIn)
		}
	}
	if code := interrupt(); code != 0 {
		t.Errorf("interrupted, it ends with %d", code)
	}
}
