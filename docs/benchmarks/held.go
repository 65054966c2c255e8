//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/runner/result"
)

// loads are the numbers of calls that are held, the first the one that memory is
// compared with. Of the last as many as there may be: each takes a descriptor.
var loads = []int{100, 1000, 10_000, 100_000}

// coming is how long they take to come.
const coming = 10 * time.Second

// holder is a client that holds calls.
type holder struct {
	name, server string
	streams      int    // calls on a connection
	target       string // plimsoll's; "": it is not
	named        bool   // it is measured only where -clients names it
}

var holders = []holder{
	{name: "plimsoll", server: "http", streams: 1, target: `url: "http://%s/"`},
	{name: "plimsoll wire-epoll", server: "http", streams: 1, target: `url: "http://%s/", engine: wire-epoll`, named: true},
	{name: "plimsoll wire-uring", server: "http", streams: 1, target: `url: "http://%s/", engine: wire-uring`, named: true},
	{name: "plimsoll tls", server: "https", streams: 1, target: `url: "https://%s/", tls: {insecure: true}`},
	{name: "bare tls", server: "https", streams: 1},
	{name: "plimsoll http2", server: "h2c", streams: 1, target: `url: "http://%s/", http: 2, streams: 1`},
	{name: "plimsoll http2, 100 streams", server: "h2c", streams: 100, target: `url: "http://%s/", http: 2, streams: 100`},
}

// held weighs what a call under way takes, each on a connection of its own or not.
func held(ctx context.Context, l *lab) (table, error) {
	all := map[string][]holding{}
	err := l.rounded(func() error {
		for _, h := range holders {
			if !l.wanted(client{name: h.name, named: h.named}) {
				continue
			}
			for _, n := range loads {
				n = h.allowed(n)
				measured, err := l.holds(ctx, h, n)
				if err != nil {
					return fmt.Errorf("%s with %d: %w", h.name, n, err)
				}
				all[key(h.name, n)] = append(all[key(h.name, n)], measured)
				l.say("%s: %d held with %.1f MB, %d files, %d errors", h.name, n, float64(measured.memory)/(1<<20), measured.least, measured.errors)
			}
		}
		return nil
	})
	return l.heldTable(all), err
}

// allowed is as many as there may be of n calls: each connection is a descriptor.
func (h holder) allowed(n int) int {
	var limit unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return min(n, h.streams*max(0, int(min(limit.Max, 1<<30))-spare))
}

// sources are addresses of this machine, each of which has ports of its own.
const sources = "source: [127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4, 127.0.0.5]"

// holds has a client hold so many calls, on a server of its own.
func (l *lab) holds(ctx context.Context, h holder, n int) (m holding, err error) {
	address, stop, err := l.patient(ctx, h.server)
	if err != nil {
		return m, err
	}
	defer stop()
	length := time.Duration(l.seconds) * time.Second
	if h.target == "" {
		m.ran, err = l.process(ctx, []string{l.self, bareSecure, address, fmt.Sprint(n), coming.String(), length.String()})
		if err == nil && m.code != 0 {
			err = errors.New(m.output)
		}
	} else {
		c := client{name: h.name}
		load := fmt.Sprintf("    drain: 10s\n    modes:\n      - {mode: concurrent, stages: [{target: %d, duration: %v}, {target: %d, duration: %v}]}\n", n, coming, n, length)
		target := fmt.Sprintf("{http: {"+h.target+", "+sources+", timeout: 60s}}", address)
		var trial *result.Trial
		trial, m.ran, err = l.perform(ctx, fmt.Sprintf("%s-%d", strings.ReplaceAll(h.name, ",", ""), n), c.scenario(l.part, target, load))
		if err == nil {
			m.calls, m.errors = trial.OK, trial.Failed()+trial.Lacking()+trial.Cancelled+trial.Dropped
		}
	}
	m.memory, m.least = between(m.glances, coming+500*time.Millisecond, coming+length)
	return m, err
}

// patient starts a server that takes its time.
func (l *lab) patient(ctx context.Context, protocol string) (address string, stop func(), err error) {
	words := l.pin(serverCore, []string{l.self, patientServer, protocol})
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	address, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
	}
	return strings.TrimSpace(address), stop, err
}

func (l *lab) heldTable(all map[string][]holding) table {
	t := table{
		about: l.about(fmt.Sprintf("Calls held at a time, each of which takes %v, for %v after %v of coming; the most resident memory of the client meanwhile in MB, and what each call beyond %d takes in KB; as many at the most as descriptors allow",
			after, time.Duration(l.seconds)*time.Second, coming, loads[0]), "", nil),
		heads: []string{"client"},
	}
	for _, n := range loads[:3] {
		t.heads = append(t.heads, fmt.Sprintf("MB at %d", n))
	}
	t.heads = append(t.heads, "KB each at 10000", "most", "MB", "KB each", "files open, at least", "calls", "errors")
	for _, h := range holders {
		memory := func(n int) float64 {
			return float64(median(all[key(h.name, n)], func(m holding) int64 { return m.memory }))
		}
		if len(all[key(h.name, loads[0])]) == 0 {
			continue
		}
		each := func(n int) string {
			return fmt.Sprintf("%.1f", (memory(n)-memory(loads[0]))/(1<<10)/float64(n-loads[0]))
		}
		row, most := []string{h.name}, h.allowed(loads[3])
		for _, n := range loads[:3] {
			row = append(row, fmt.Sprintf("%.1f", memory(n)/(1<<20)))
		}
		rounds := all[key(h.name, most)]
		row = append(row, each(10_000), fmt.Sprint(most), fmt.Sprintf("%.1f", memory(most)/(1<<20)), each(most),
			fmt.Sprint(median(rounds, func(m holding) int { return m.least })))
		if h.target == "" { // it does not tell
			row = append(row, "–", "–")
		} else {
			row = append(row, fmt.Sprint(median(rounds, func(m holding) int64 { return m.calls })), fmt.Sprint(median(rounds, func(m holding) int64 { return m.errors })))
		}
		t.rows = append(t.rows, row)
	}
	return t
}
