//go:build linux

package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"plimsoll/runner/statistics"
)

// ghz is the load generator that people use for gRPC; {n} are its calls in flight.
var ghz = client{name: "ghz", full: "ghz --insecure --connections={c} --concurrency={n} --duration={s}s --call={call} --data={message} {url}"}

// calledBy is what both clients ask: an answer of 128 bytes, which ghz decodes.
const (
	calledBy    = "grpc.testing.TestService/UnaryCall"
	calledWith  = `{"responseSize":128}`
	serverCount = "/" + calledBy + " OK" // as the server calls those that it has answered
)

// called compares unary calls with ghz's, in turns, over a server of grpc-go's.
func called(ctx context.Context, l *lab) (table, error) {
	if len(l.present(ctx, []client{ghz})) == 0 {
		return table{}, errors.New("ghz is not there: go install github.com/bojand/ghz/cmd/ghz@v0.120.0")
	}
	server, err := l.startInterop(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	t := table{
		about: l.about(fmt.Sprintf("Unary calls of gRPC, by connections × calls at once on each: client's processor time a call, and calls per second; %v each, counted by the interop server of %s, which answers %s with 128 bytes", time.Duration(l.seconds)*time.Second, server.version(), calledBy), "", []client{ghz}),
		heads: []string{"connections × streams", "ghz µs a call", "plimsoll's µs", "ghz calls/s", "plimsoll's calls/s", "ratio of processor time", "95 % interval"},
	}
	for _, at := range []shared{{1, 1}, {1, 10}, {8, 8}} {
		row, err := l.compareCalls(ctx, server, at)
		if err != nil {
			return t, fmt.Errorf("%s: %w", at, err)
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// compareCalls measures one row, round by round.
func (l *lab) compareCalls(ctx context.Context, server *interop, at shared) ([]string, error) {
	all := fmt.Sprint(at.connections * at.streams)
	fill := strings.NewReplacer("{n}", all, "{call}", calledBy, "{message}", calledWith)
	var clocked compared // calls a second by the clock
	work := func(line string, each *[]float64) func() (spent, error) {
		return func() (spent, error) {
			s, err := l.spendOn(ctx, server, fill.Replace(line), load{url: server.address, connections: at.connections, seconds: l.seconds})
			*each = append(*each, s.requests/float64(l.seconds))
			return s, err
		}
	}
	ours := fmt.Sprintf("{plimsoll} bench -c {n} -d {s}s --quiet --connections {c} --streams %d --body {message} grpc://{url}/{call}", at.streams)
	c, err := l.inTurns(work(ghz.full, &clocked.before), work(ours, &clocked.after))
	if err != nil {
		return nil, err
	}
	each := func(perSecond []float64) string { return fmt.Sprintf("%.1f", 1e6/median(perSecond, itself)) }
	row := []string{at.String(), each(c.before), each(c.after), fmt.Sprintf("%.0f", median(clocked.before, itself)), fmt.Sprintf("%.0f", median(clocked.after, itself))}
	if l.rounds < 2 {
		return append(row, fmt.Sprintf("%.2f", c.ratio(-1)), "–"), nil
	}
	e, err := statistics.Ratio(len(c.after), c.ratio)
	return append(row, fmt.Sprintf("%.2f", e.Value), fmt.Sprintf("%.2f … %.2f", e.Low, e.High)), err
}

// interop is grpc-go's interop server, in a process of its own (target/grpc/peers).
type interop struct {
	program string
	cmd     *exec.Cmd
	in      io.WriteCloser
	lines   *bufio.Scanner
	address string
}

func (l *lab) startInterop(ctx context.Context) (*interop, error) {
	program := filepath.Join(l.dir, "interop")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./server")
	build.Dir = filepath.Join("target", "grpc", "peers")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("grpc-go's server cannot be built: %w\n%s", err, out)
	}
	words := l.pin(serverCore, []string{program, "127.0.0.1:0"})
	s := &interop{program: program, cmd: exec.CommandContext(ctx, words[0], words[1:]...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		s.in, err = s.cmd.StdinPipe()
	}
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	s.lines = bufio.NewScanner(out)
	if !s.lines.Scan() {
		s.stop()
		return nil, errors.New("grpc-go's server does not say where it is")
	}
	s.address = s.lines.Text()
	return s, nil
}

// version is that of grpc-go.
func (s *interop) version() string {
	info, err := buildinfo.ReadFile(s.program)
	if err == nil {
		for _, module := range info.Deps {
			if module.Path == "google.golang.org/grpc" {
				return "grpc-go " + strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "grpc-go"
}

// calls is how many calls the server has answered.
func (s *interop) calls() (float64, error) {
	counts := map[string]float64{}
	if _, err := fmt.Fprintln(s.in); err != nil {
		return 0, err
	}
	if !s.lines.Scan() {
		return 0, errors.Join(errors.New("grpc-go's server does not tell its count"), s.lines.Err())
	}
	err := json.Unmarshal(s.lines.Bytes(), &counts)
	return counts[serverCount], err
}

// during is how many calls the server has answered while something was done.
func (s *interop) during(do func() error) (float64, error) {
	before, err := s.calls()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := s.calls()
	return after - before, err
}

// stop has the server end, as it does with its input.
func (s *interop) stop() {
	_ = s.in.Close()
	_ = s.cmd.Wait()
}
