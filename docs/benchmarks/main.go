//go:build linux

// Command benchmarks measures what load generators cost: requests per second
// of their own processor time, side by side in one run, against one nginx that
// has a core to itself. Run it from the repository's root on Linux with two
// cores or more, when the machine has nothing else to do:
//
//	go run ./docs/benchmarks            (about 12 minutes with all peers)
//	go run ./docs/benchmarks -seconds 2 -rounds 3
//
// It needs nginx and taskset; peers that are not installed are left out by
// name. Rounds are interleaved, so that a drift of the machine meets all alike,
// and the figure is the median of the rounds. Single figures depend on the
// machine; trust the ratios.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"plimsoll/report"
)

func main() {
	seconds := flag.Int("seconds", 3, "how long each measurement takes")
	rounds := flag.Int("rounds", 5, "how often each is repeated")
	pinned := flag.Bool("pin", true, "give server and client a core each")
	flag.Parse()
	if err := run(*seconds, *rounds, *pinned); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// connections are the numbers of connections to measure with.
var connections = []int{1, 16, 64, 256}

// peer is a load generator; its arguments have {c}, {s} and {url} in them.
type peer struct {
	name string
	args string
}

// peers are the generators, the one that the others are compared with first.
var peers = []peer{
	{"wrk", "wrk -t1 -c{c} -d{s}s {url}"},
	{"plimsoll", "{plimsoll} bench -c {c} -d {s}s --quiet {url}"},
	{"ab", "ab -q -k -c {c} -t {s} -n 100000000 {url}"},
	{"h2load", "h2load --h1 -t1 -c{c} -D {s} {url}"},
	{"hey", "hey -c {c} -z {s}s {url}"},
	{"fortio", "fortio load -quiet -qps 0 -c {c} -t {s}s {url}"},
	{"bombardier", "bombardier -q -c {c} -d {s}s {url}"},
}

func run(seconds, rounds int, pinned bool) error {
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool := dir + "/plimsoll"
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/plimsoll").CombinedOutput(); err != nil {
		return fmt.Errorf("build plimsoll: %w\n%s", err, out)
	}
	server, err := startServer(dir, pinned)
	if err != nil {
		return err
	}
	defer server.stop()
	present := installed(tool)
	costs := map[string][]cost{}
	for round := range rounds {
		for _, c := range connections {
			for _, p := range present {
				measured, err := server.measure(p, tool, c, seconds, pinned)
				if err != nil {
					return fmt.Errorf("%s with %d connections: %w", p.name, c, err)
				}
				key := fmt.Sprint(p.name, c)
				costs[key] = append(costs[key], measured)
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d done\n", round+1, rounds)
	}
	return show(present, costs)
}

// installed leaves out the peers that are not there, and says so.
func installed(tool string) []peer {
	var present []peer
	for _, p := range peers {
		name := strings.Fields(strings.ReplaceAll(p.args, "{plimsoll}", tool))[0]
		if _, err := exec.LookPath(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s is not installed and left out\n", p.name)
			continue
		}
		present = append(present, p)
	}
	return present
}

// cost is what one measurement took of the client.
type cost struct {
	requests     float64
	user, system time.Duration
	resident     int64 // kilobytes
}

func (c cost) perSecond() float64 { return c.requests / (c.user + c.system).Seconds() }

// measure runs a peer, and counts at the server.
func (s *server) measure(p peer, tool string, c, seconds int, pinned bool) (cost, error) {
	line := strings.NewReplacer("{c}", fmt.Sprint(c), "{s}", fmt.Sprint(seconds), "{url}", s.url, "{plimsoll}", tool).Replace(p.args)
	if pinned {
		line = "taskset -c 1 " + line
	}
	before, err := s.requests()
	if err != nil {
		return cost{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds+30)*time.Second)
	defer cancel()
	words := strings.Fields(line)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return cost{}, fmt.Errorf("%w\n%s", err, out)
	}
	after, err := s.requests()
	if err != nil {
		return cost{}, err
	}
	if after-before < 2 {
		return cost{}, errors.New("the server saw no requests")
	}
	state := cmd.ProcessState
	return cost{after - before - 1, state.UserTime(), state.SystemTime(), resident(state)}, nil
}

// show prints the medians as Markdown.
func show(present []peer, costs map[string][]cost) error {
	base := present[0].name
	heads := []string{"client"}
	for _, c := range connections {
		heads = append(heads, fmt.Sprintf("%d", c))
	}
	heads = append(heads, "user µs/request at 64", "resident MB at 256")
	var rows [][]string
	for _, p := range present {
		row := []string{p.name}
		for _, c := range connections {
			got := median(costs[fmt.Sprint(p.name, c)], cost.perSecond)
			reference := median(costs[fmt.Sprint(base, c)], cost.perSecond)
			text := fmt.Sprintf("%.2f", got/reference)
			if p.name == base {
				text = fmt.Sprintf("%.0fk/s", got/1000)
			}
			row = append(row, text)
		}
		row = append(row,
			fmt.Sprintf("%.2f", median(costs[fmt.Sprint(p.name, 64)], func(c cost) float64 { return float64(c.user.Nanoseconds()) / 1000 / c.requests })),
			fmt.Sprintf("%.0f", median(costs[fmt.Sprint(p.name, 256)], func(c cost) float64 { return float64(c.resident) / 1024 })))
		rows = append(rows, row)
	}
	fmt.Printf("Requests per second of client processor time, %s absolute, the others relative to it, by connections:\n\n", base)
	return report.Table(os.Stdout, heads, rows)
}

func median(costs []cost, figure func(cost) float64) float64 {
	var all []float64
	for _, c := range costs {
		all = append(all, figure(c))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
