package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/spf13/pflag"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	target "plimsoll/target/http"
	"plimsoll/target/real"
)

// benched runs bench within this process and returns its only trial.
func benched(t *testing.T, args ...string) result.Trial {
	t.Helper()
	out := t.TempDir()
	end := within(append([]string{"bench", "--quiet", "--allow-late", "--out", out}, args...)...)
	if end.code > 1 { // 1: no call succeeded
		t.Fatalf("%q: exit code %d\n%s\n%s", args, end.code, end.stderr, end.stdout)
	}
	run, err := result.Load(filepath.Join(out, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Trials) != 1 {
		t.Fatalf("%d trials", len(run.Trials))
	}
	return run.Trials[0]
}

// The server has seen as many requests as are reported, not one more or less.
func TestBenchCounts(t *testing.T) {
	loads := [][]string{{"-n", "2000"}, {"-d", "400ms"}, {"-r", "500", "-d", "400ms"}}
	callers := []string{"1", "7", "256"}
	for name, over := range map[string]struct {
		serve   func(*testing.T) (string, func() int64)
		args    []string
		callers []string
	}{
		"Go": {countingGo, nil, callers}, "nginx": {countingNginx, nil, callers},
		"HTTP 2": {countingGo, []string{"--http2"}, callers[2:]}, "TLS": {countingSecure, []string{"-k"}, callers[1:2]},
		"HTTP 2 over TLS": {countingSecure, []string{"-k", "--http2"}, callers[2:]},
	} {
		for _, load := range loads {
			for _, c := range over.callers {
				t.Run(fmt.Sprint(name, load, "-c", c), func(t *testing.T) {
					t.Parallel()
					url, seen := over.serve(t)
					trial := benched(t, slices.Concat(load, over.args, []string{"-c", c, url})...)
					if got := seen(); got != trial.Attempts {
						t.Errorf("the server has seen %d requests, reported are %d attempts of %d calls", got, trial.Attempts, trial.Started)
					}
					if trial.OK != trial.Started || trial.OK == 0 { // how many a busy machine lets through is its own affair
						t.Errorf("%d of %d calls succeeded: %v", trial.OK, trial.Started, trial.Errors)
					}
					if load[0] == "-n" && trial.Started != 2000 || load[0] == "-r" && trial.Started != 200 {
						t.Errorf("%d calls were started", trial.Started)
					}
				})
			}
		}
	}
}

func countingGo(t *testing.T) (url string, seen func() int64) {
	at, seen := counting(t)
	return at.url(way{}), seen
}

// countingSecure does so over TLS.
func countingSecure(t *testing.T) (url string, seen func() int64) {
	at, seen := counting(t)
	return at.url(way{secure: true}), seen
}

func counting(t *testing.T) (at addresses, seen func() int64) {
	count := new(atomic.Int64)
	return serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		count.Add(1)
		fmt.Fprintln(w, "hello")
	})), count.Load
}

// countingNginx counts by nginx's access log, once it has ended.
func countingNginx(t *testing.T) (url string, seen func() int64) { return nginxOver(t, "", "") }

// countingShared does so over HTTP/2, and keeps connections for as long as there are
// calls: what comes when it goes away would be sent twice.
func countingShared(t *testing.T) (url string, seen func() int64) {
	return nginxOver(t, "http2", "keepalive_requests 100000;")
}

func nginxOver(t *testing.T, protocol, more string) (url string, seen func() int64) {
	program := real.Program(t, "nginx")
	address, dir := real.Address(t), t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	log := filepath.Join(dir, "access.log")
	if err := os.WriteFile(config, fmt.Appendf(nil, `
daemon off; master_process off; pid nginx.pid;
events { worker_connections 1024; }
http {
	client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
	log_format line "$request_method $status"; access_log %s line;
	server { listen %s %s backlog=1024; %s return 200 "hello\n"; }
}`, log, address, protocol, more), 0o666); err != nil {
		t.Fatal(err)
	}
	nginx := exec.Command(program, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() {
		_ = nginx.Process.Signal(syscall.SIGQUIT) // it finishes what it is at
		_ = nginx.Wait()
	}
	t.Cleanup(end)
	eventually(t, "nginx listens", func() bool {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
	return "http://" + address, func() int64 {
		end()
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return int64(strings.Count(string(text), "GET 200\n"))
	}
}

// odd are flags with texts that a file or the environment could mistake for
// something else.
func odd(t *testing.T) [][]string {
	body := filepath.Join(t.TempDir(), "body.txt")
	if err := os.WriteFile(body, []byte("$$ ${HOME} \xff"), 0o666); err != nil {
		t.Fatal(err)
	}
	return [][]string{
		{"--seed", "18446744073709551615", "-H", `X-Odd: "${HOME}" # é $$`, "-H", `x-odd: 'b':\`, "-H", "Host: other.example", "--body", "a: ${PATH}\n\t- \"$$"},
		{"-m", "PUT", "--timeout", "3s", "--engine", "std", "--body", "@" + body},
		{"-r", "300/min", "-k"},
	}
}

// What --save writes is what is carried out.
func TestBenchSavesItsPlan(t *testing.T) {
	t.Parallel()
	for i, args := range append(odd(t), []string{"--http2", "-d", "90s", "--warmup", "5s"}) {
		file := filepath.Join(t.TempDir(), strconv.Itoa(i)+".yaml")
		var f benchFlags
		flags := pflag.NewFlagSet("bench", pflag.ContinueOnError)
		f.declare(flags)
		if err := flags.Parse(append(args, "--save", file)); err != nil {
			t.Fatal(err)
		}
		f.load.URL = "example.com/a%20b?c=$d&e=%24{F}"
		plan, err := f.plan()
		if err != nil {
			t.Fatal(err)
		}
		saved, err := (&program{stderr: t.Output()}).load(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*scenario.Plan{plan, saved} { // functions cannot be compared
			p.Scrub = nil
			p.Targets[0].Settings.(*target.Settings).Scrub = nil
		}
		if !reflect.DeepEqual(plan, saved) {
			t.Errorf("%q: carried out %+v, saved %+v", args, plan, saved)
		}
	}
}

// What was saved sends the same request once more, and each text of it as it
// was given.
func TestBenchSendsWhatWasGiven(t *testing.T) {
	t.Parallel()
	type request struct{ method, host, url, header, body string }
	var mu sync.Mutex
	var met []request
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		met = append(met, request{r.Method, r.Host, r.RequestURI, strings.Join(r.Header["X-Odd"], "|"), string(body)})
	}))
	defer server.Close()
	host, path := strings.TrimPrefix(server.URL, "http://"), "/a%20b?c=$d&e=%24{F}"
	sent := strings.NewReplacer("{", "%7B", "}", "%7D").Replace(path)
	want := []request{
		{"POST", "other.example", sent, `"${HOME}" # é $$|'b':\`, "a: ${PATH}\n\t- \"$$"},
		{"PUT", host, sent, "", "$$ ${HOME} \xff"},
		{"GET", host, sent, "", ""},
	}
	for i, args := range odd(t) {
		dir := t.TempDir()
		file := filepath.Join(dir, "saved.yaml")
		benched(t, append(args, host+path, "-n", "1", "--save", file)...)
		if end := within("run", file, "--quiet", "--allow-late", "--out", filepath.Join(dir, "results")); end.code != 0 {
			t.Fatalf("%+v", end)
		}
		mu.Lock()
		if len(met) != 2 || met[0] != want[i] || met[1] != want[i] {
			t.Errorf("%q sent\n%q, not\n%q", args, met, want[i])
		}
		met = nil
		mu.Unlock()
	}
}

// A body's file is found from the current folder, wherever the scenario goes.
func TestBenchBodyFileSeenFromTheScenario(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.MkdirAll("a/b", 0o777), os.WriteFile("a/body", []byte("the body"), 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a/b", "link"); err != nil {
		t.Skip(err) // a system without symbolic links
	}
	elsewhere := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(elsewhere, []byte("the body"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".", "a", "a/b", "link", t.TempDir()} {
		for n, body := range []string{"@a/body", "@./a/b/../body", "@" + elsewhere} {
			f := benchFlags{body: body, save: filepath.Join(dir, fmt.Sprintf("%s-%d.yaml", filepath.Base(dir), n))}
			f.load.URL = "example.com"
			if _, err := f.plan(); err != nil {
				t.Errorf("%s in %s: %v", body, f.save, err)
				continue
			}
			saved, err := (&program{stderr: t.Output()}).load(f.save)
			if err != nil {
				t.Errorf("%s in %s: %v", body, f.save, err)
			} else if got := saved.Targets[0].Settings.(*target.Settings).Calls[0].Body; string(got) != "the body" {
				t.Errorf("%s in %s: the body is %q", body, f.save, got)
			}
		}
	}
}

// An interrupt ends it, and what was measured is shown.
func TestBenchInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process can interrupt another there")
	}
	t.Parallel()
	url, seen := countingGo(t)
	p := start(t, t.TempDir(), "bench", url, "-d", "1h")
	eventually(t, "calls are under way", func() bool { return seen() > 20 })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	end := p.wait(t)
	if end.code != 130 || !strings.Contains(end.stdout, "\n ok ") || !strings.Contains(end.stdout, "interrupted") {
		t.Errorf("exit code %d\n%s\n%s", end.code, end.stderr, end.stdout)
	}
}

// -k trusts any certificate, --http2 speaks HTTP/2 with and without TLS.
func TestBenchProtocols(t *testing.T) {
	t.Parallel()
	var major atomic.Int64
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	start := func(begin func(*httptest.Server)) string {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { major.Store(int64(r.ProtoMajor)) }))
		server.Config.Protocols, server.EnableHTTP2 = protocols, true
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		begin(server)
		t.Cleanup(server.Close)
		return server.URL
	}
	plain, secure := start((*httptest.Server).Start), start((*httptest.Server).StartTLS)
	for _, c := range []struct {
		args  []string
		major int64
		class string
	}{
		{[]string{plain}, 1, ""},
		{[]string{plain, "--http2"}, 2, ""},
		{[]string{secure, "-k"}, 1, ""},
		{[]string{secure, "-k", "--http2"}, 2, ""},
		{[]string{secure}, 0, "tls"},
	} {
		major.Store(0)
		trial := benched(t, append(c.args, "-n", "3")...)
		if major.Load() != c.major || trial.Errors[c.class].Count != trial.Failed() || (trial.OK == 3) != (c.class == "") {
			t.Errorf("%q: HTTP/%d, %d ok, %v", c.args, major.Load(), trial.OK, trial.Errors)
		}
	}
}
