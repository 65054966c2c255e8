//go:build linux

// Command benchmarks measures plimsoll beside other load generators, and
// writes the tables of docs/benchmarks/README.md. Run it from the
// repository's root on Linux with two cores or more, when the machine has
// nothing else to do:
//
//	go run ./docs/benchmarks -part cost
//	go run ./docs/benchmarks -part all -readme -out DIR        (an hour)
//	go run ./docs/benchmarks -part all -seconds 1 -rounds 1    (does it work?)
//	go run ./docs/benchmarks -part before -before PROGRAM      (has it become slower?)
//	go run ./docs/benchmarks -part engines                     (is io_uring faster than epoll?)
//
// It needs nginx and taskset; peers that are not installed are left out by
// name. Rounds are interleaved, so that a drift of the machine meets all
// alike, and every figure is the median of the rounds. Single figures depend
// on the machine; trust what stands side by side.
//
// The way of the data: a part (cost.go, punctual.go, omission.go,
// connections.go, held.go, journeys.go, users.go, streams.go, protocols.go, grpc.go, before.go, engines.go) starts a server, lets each of the clients (peers.go,
// plimsoll.go) load it in a process of its own (process.go), and makes a
// table of what came out (table.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// part is one comparison: it fills one table.
type part struct {
	name            string
	seconds, rounds int // as long as it takes to be worth showing
	measure         func(context.Context, *lab) (table, error)
}

// parts are all comparisons, in the order of the page.
var parts = []part{
	{"cost", 3, 5, cost},
	{"cost-unpinned", 3, 5, cost},
	{"punctual", 10, 5, punctual},
	{"omission", 20, 3, omission},
	{"connections", 30, 1, connections},
	{"held", 30, 1, held},
	{"journeys", 3, 5, journeys},
	{"users", 15, 1, users},
	{"streams", 4, 3, streams},
	{"protocols", 2, 10, spoken},
	{"grpc", 2, 10, called},
}

// apart are those that are none of the page's: builds compares with what only its user
// has, engines what everybody has.
var apart = []part{
	{"before", 2, 20, before},
	{"engines", 2, 6, engines},
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case bareCommand:
			end(bareMain(os.Args[2:]))
			return
		case patientServer:
			end(patientServerMain(os.Args[2:]))
			return
		case bareSecure:
			end(bareSecureMain(os.Args[2:]))
			return
		case streamServer:
			end(streamServerMain())
			return
		case streamClient:
			end(streamClientMain(os.Args[2:]))
			return
		}
	}
	var f flags
	flag.StringVar(&f.part, "part", "cost", "cost, punctual, omission, connections, held, journeys, users, streams, protocols, grpc or all, or before or engines")
	flag.IntVar(&f.seconds, "seconds", 0, "how long each measurement takes (0: as the part needs it)")
	flag.IntVar(&f.rounds, "rounds", 0, "how often each is repeated (0: as the part needs it)")
	flag.BoolVar(&f.pinned, "pin", true, "give server and client a core each; false: the part cost without")
	flag.StringVar(&f.clients, "clients", "", "only `these`, with commas between, such as 'wrk,plimsoll*'")
	flag.StringVar(&f.plimsoll, "plimsoll", "", "measure this `program` instead of what stands in ./cmd/plimsoll")
	flag.StringVar(&f.before, "before", "", "what the part before compares with: an earlier build, a `program`")
	flag.StringVar(&f.out, "out", "", "keep tables, and plimsoll's own results and charts, in this `folder`")
	flag.BoolVar(&f.readme, "readme", false, "put tables and charts into docs/benchmarks/README.md")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	end(run(ctx, f))
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// flags are those of the command line.
type flags struct {
	part, clients, plimsoll, before, out string
	seconds, rounds                      int
	pinned, readme                       bool
}

// chosen are the parts that are asked for.
func (f flags) chosen() ([]part, error) {
	if f.part == "all" {
		return parts, nil
	}
	name := f.part
	if name == "cost" && !f.pinned {
		name = "cost-unpinned"
	}
	for _, p := range slices.Concat(parts, apart) {
		if p.name == name {
			return []part{p}, nil
		}
	}
	return nil, fmt.Errorf("there is no part %q: -part is cost, punctual, omission, connections, held, journeys, users, streams, protocols, grpc, before, engines or all", f.part)
}

// lab is what all measurements of a part share.
type lab struct {
	part            string
	seconds, rounds int
	pinned          bool
	clients         []string // all, when empty
	plimsoll, self  string   // programs
	earlier         string   // a build of plimsoll to compare with
	dir             string   // temporary
	keep            string   // where results stay, the temporary folder if nowhere else
}

func run(ctx context.Context, f flags) error {
	chosen, err := f.chosen()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := lab{plimsoll: f.plimsoll, earlier: f.before, dir: dir, keep: dir}
	if f.clients != "" {
		l.clients = strings.Split(f.clients, ",")
	}
	for _, pattern := range l.clients {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("-clients %s: %w", pattern, err)
		}
	}
	if f.out != "" {
		l.keep = f.out
	}
	if l.self, err = os.Executable(); err != nil {
		return err
	}
	if l.plimsoll == "" {
		l.plimsoll = filepath.Join(dir, "plimsoll")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", l.plimsoll, "./cmd/plimsoll").CombinedOutput(); err != nil {
			return fmt.Errorf("plimsoll cannot be built here, which must be the repository's root: %w\n%s", err, out)
		}
	}
	for _, p := range chosen {
		if err := l.carryOut(ctx, p, f); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// carryOut measures one part, and shows its table wherever that is wanted.
func (l lab) carryOut(ctx context.Context, p part, f flags) error {
	l.part, l.seconds, l.rounds = p.name, p.seconds, p.rounds
	l.pinned = p.name != "cost-unpinned"
	if f.seconds > 0 {
		l.seconds = f.seconds
	}
	if f.rounds > 0 {
		l.rounds = f.rounds
	}
	l.keep = filepath.Join(l.keep, p.name)
	if err := os.MkdirAll(l.keep, 0o777); err != nil {
		return err
	}
	t, err := p.measure(ctx, &l)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	text := t.markdown()
	fmt.Printf("\n%s\n", text)
	err = os.WriteFile(filepath.Join(l.keep, "table.md"), []byte(text), 0o666)
	if f.readme {
		err = errors.Join(err, l.intoPage("docs/benchmarks", text))
	}
	return err
}

// rounded calls measure for every round, and says how far it is.
func (l *lab) rounded(measure func() error) error {
	for round := range l.rounds {
		if err := measure(); err != nil {
			return err
		}
		l.say("round %d of %d done", round+1, l.rounds)
	}
	return nil
}

func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, l.part+": "+format+"\n", args...)
}
