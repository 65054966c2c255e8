//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/target/wire"
)

// virtual is no engine: the simulated target in virtual time.
const virtual = "virtual"

// plimsoll is our own client with one of its engines, "" for the one it chooses itself,
// and one setting of spin, "" for the default.
func plimsoll(engine, spin string) client {
	c := client{name: "plimsoll", engine: engine, spin: spin, full: "{plimsoll} bench -c {c} -d {s}s --quiet {url}"}
	if engine != "" {
		c.name += " " + engine
		c.full += " --engine " + engine
	}
	if spin != "" {
		c.name += " spin " + spin
	}
	return c
}

// polling are our own client with each of the engines that carry calls on the loop's
// own thread, for who compares these.
func polling() (list []client) {
	for _, engine := range []string{wire.Epoll, wire.Uring} {
		c := plimsoll(engine, "")
		c.named = true
		list = append(list, c)
	}
	return list
}

func (c client) ours() bool { return strings.HasPrefix(c.full, "{plimsoll}") }

// hasEngine tells whether this build of plimsoll has an engine, and this machine does:
// another one would be measured instead.
func (l *lab) hasEngine(ctx context.Context, engine string) error {
	out, err := exec.CommandContext(ctx, l.plimsoll, "bench", "--json", "--engine", engine, "-n", "1", "127.0.0.1:1").CombinedOutput()
	var ended *exec.ExitError
	if nobodyThere := errors.As(err, &ended) && ended.ExitCode() == runner.ExitBroken; err != nil && !nobodyThere {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	var run result.Run
	if json.Unmarshal(out, &run) == nil && len(run.Trials) > 0 && run.Trials[0].Engine != engine {
		return fmt.Errorf("it is not to be had here: %s carries the calls instead", run.Trials[0].Engine)
	}
	return nil
}

// target is plimsoll's HTTP target at a URL.
func (c client) target(url string) string {
	engine := c.engine
	if engine == "" {
		engine = "auto"
	}
	return fmt.Sprintf("{http: {url: %q, engine: %s}}", url, engine)
}

// scenario is the file of one trial; load is its length and mode, as YAML.
func (c client) scenario(part, target, load string) string {
	text := ""
	if c.spin != "" {
		text = "spin: " + c.spin + "\n"
	}
	clock := "real"
	if c.engine == virtual {
		clock = virtual
	}
	return text + fmt.Sprintf(`targets:
  server: %s
scenarios:
  - name: %s
    target: server
    clock: %s
%s`, target, part, clock, load)
}

// perform runs a scenario of one trial in a process of its own; its result
// directory, named after it, is kept.
func (l *lab) perform(ctx context.Context, name, scenario string) (*result.Trial, ran, error) {
	name = strings.NewReplacer(" ", "-", "%", "").Replace(name)
	file := filepath.Join(l.keep, name+".yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o666); err != nil {
		return nil, ran{}, err
	}
	out := filepath.Join(l.keep, name)
	r, err := l.process(ctx, []string{l.plimsoll, "run", file, "--out", out, "--quiet", "--allow-late"})
	if err != nil {
		return nil, r, err
	}
	run, err := result.Load(filepath.Join(out, "latest"))
	if err == nil && (r.code != 0 || len(run.Trials) != 1) {
		err = fmt.Errorf("exit code %d, %d trials", r.code, len(run.Trials))
	}
	if err != nil {
		return nil, r, fmt.Errorf("%s: %w\n%s", file, err, r.output)
	}
	return &run.Trials[0], r, nil
}

// simulated is a server of plimsoll's own, fresh, in a process of its own.
type simulated struct {
	cmd   *exec.Cmd
	url   string
	ready time.Time // when it said that it listens
}

// serve starts a server that behaves as a simulated target's settings say.
func (l *lab) serve(ctx context.Context, settings string) (*simulated, error) {
	file := filepath.Join(l.keep, "server.yaml")
	text := fmt.Sprintf("targets:\n  server: {sim: %s}\nscenarios:\n  - {name: none, target: server, requests: 1, modes: [sequential]}\n", settings)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		return nil, err
	}
	words := l.pin(serverCore, []string{l.plimsoll, "serve", "--addr", "127.0.0.1:0", "--file", file, "--target", "server"})
	s := &simulated{cmd: exec.CommandContext(ctx, words[0], words[1:]...)}
	s.cmd.Stderr, s.cmd.Cancel = os.Stderr, s.terminate
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.ready = time.Now()
	words = strings.Fields(line)
	if err != nil || len(words) < 3 {
		s.stop()
		return nil, errors.Join(fmt.Errorf("the simulated server said %q instead of its address", line), err)
	}
	s.url = words[2] + "/"
	return s, nil
}

func (s *simulated) terminate() error { return s.cmd.Process.Signal(syscall.SIGTERM) }

func (s *simulated) stop() {
	_ = s.terminate()
	_ = s.cmd.Wait()
}
