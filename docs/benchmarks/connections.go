//go:build linux

package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/runner/result"
)

// sizes are the numbers of connections to hold, the first the one that memory
// is compared with.
var sizes = []int{256, 1000, 10000}

const (
	// ramp is how long users take to come.
	ramp = 5 * time.Second
	// slow is a server that has nearly all of them waiting nearly always.
	slow = "{delay: {uniform: [1s, 3s]}}"
	// spare is how many files a program needs besides its connections.
	spare = 200
)

// holding is what holding so many connections took.
type holding struct {
	ran
	calls, errors int64
	memory        int64 // bytes, the most while all were held
	least         int   // files that were open at any time meanwhile
}

// connections holds many connections, each with a call under way, and weighs
// the client.
func connections(ctx context.Context, l *lab) (table, error) {
	if err := allowFiles(sizes[len(sizes)-1] + spare); err != nil {
		return table{}, err
	}
	clients := l.present(ctx, slices.Concat([]client{plimsoll("", ""), plimsoll("wire-net", ""), plimsoll("std", ""), peers[0]}, polling()))
	all := map[string][]holding{}
	err := l.rounded(func() error {
		for _, n := range sizes {
			for _, c := range clients {
				measured, err := l.hold(ctx, c, n)
				if err != nil {
					return fmt.Errorf("%s with %d connections: %w", c.name, n, err)
				}
				all[key(c.name, n)] = append(all[key(c.name, n)], measured)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	return l.connectionsTable(clients, all), nil
}

// allowFiles lets this program's children have so many files open.
func allowFiles(files int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	need := uint64(files)
	if limit.Cur >= need {
		return nil
	}
	raised := unix.Rlimit{Cur: need, Max: max(limit.Max, need)}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &raised); err != nil {
		return fmt.Errorf("a process may have %d files open here, %d are needed: raise `ulimit -n` (%w)", limit.Max, need, err)
	}
	return nil
}

// lengthAt is how long so many connections are held: only the most of them as
// long as asked.
func (l *lab) lengthAt(n int) int {
	if n == sizes[len(sizes)-1] {
		return l.seconds
	}
	return min(l.seconds, 10)
}

// hold lets a client hold connections to a server that has just begun.
func (l *lab) hold(ctx context.Context, c client, n int) (h holding, err error) {
	server, err := l.serve(ctx, slow)
	if err != nil {
		return h, err
	}
	defer server.stop()
	length := l.lengthAt(n)
	if c.ours() {
		load := fmt.Sprintf("    modes:\n      - {mode: concurrent, stages: [{target: %d, duration: %v}, {target: %d, duration: %ds}]}\n", n, ramp, n, length)
		var trial *result.Trial
		trial, h.ran, err = l.perform(ctx, fmt.Sprintf("%s-%d", c.name, n), c.scenario(l.part, c.target(server.url), load))
		if err != nil {
			return h, err
		}
		h.calls, h.errors = trial.OK, trial.Failed()+trial.Lacking()+trial.Cancelled+trial.Dropped
	} else {
		words, err := l.words(c.full+" --timeout 10s", load{url: server.url, connections: n, seconds: length + int(ramp.Seconds())})
		if err != nil {
			return h, err
		}
		if h.ran, err = l.process(ctx, words); err != nil {
			return h, err
		}
		h.calls, h.errors, err = readWrk(h.output)
		if err != nil {
			return h, err
		}
	}
	h.memory, h.least = between(h.glances, ramp+500*time.Millisecond, ramp+time.Duration(length)*time.Second)
	return h, nil
}

// between is the most memory and the fewest open files of all glances between
// two times: before and after, a client starts and reports.
func between(glances []glance, from, to time.Duration) (memory int64, files int) {
	for _, g := range glances {
		if g.at < from || g.at >= to {
			continue
		}
		memory = max(memory, g.resident)
		if files == 0 || g.files < files {
			files = g.files
		}
	}
	return memory, files
}

var wrkErrors = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)

// readWrk reads how many calls wrk counts, and how many errors if any.
func readWrk(output string) (calls, errors int64, err error) {
	calls = reader{output, &err}.count(`(\d+) requests in`)
	if match := wrkErrors.FindStringSubmatch(output); match != nil {
		for _, text := range match[1:] {
			n, _ := strconv.ParseInt(text, 10, 64)
			errors += n
		}
	}
	return calls, errors, err
}

func (l *lab) connectionsTable(clients []client, all map[string][]holding) table {
	most := sizes[len(sizes)-1]
	t := table{
		about: l.about(fmt.Sprintf("Connections held, each with a call under way that takes 1 to 3 s, %d of them for %v after %v of coming; the most resident memory meanwhile in MB, and what each connection beyond %d takes",
			most, time.Duration(l.seconds)*time.Second, ramp, sizes[0]), "", clients),
		heads: []string{"client"},
	}
	for _, n := range sizes {
		t.heads = append(t.heads, fmt.Sprintf("MB at %d", n))
	}
	for _, n := range sizes[1:] {
		t.heads = append(t.heads, fmt.Sprintf("KB each at %d", n))
	}
	t.heads = append(t.heads, fmt.Sprintf("files open at %d, at least", most), "calls", "errors")
	for _, c := range clients {
		row := []string{c.name}
		memory := func(n int) float64 {
			return float64(median(all[key(c.name, n)], func(h holding) int64 { return h.memory }))
		}
		for _, n := range sizes {
			row = append(row, fmt.Sprintf("%.1f", memory(n)/(1<<20)))
		}
		for _, n := range sizes[1:] {
			row = append(row, fmt.Sprintf("%.1f", (memory(n)-memory(sizes[0]))/(1<<10)/float64(n-sizes[0])))
		}
		rounds := all[key(c.name, most)]
		t.rows = append(t.rows, append(row, fmt.Sprint(median(rounds, func(h holding) int { return h.least })),
			fmt.Sprint(median(rounds, func(h holding) int64 { return h.calls })), fmt.Sprint(median(rounds, func(h holding) int64 { return h.errors }))))
	}
	return t
}
