// Command mutants checks the tests: it makes small changes of meaning to
// the product's code, one at a time, and tells which of them no test notices.
// Run it from the repository's root:
//
//	go run ./docs/mutants                       (150 of seed 1: some hours)
//	go run ./docs/mutants -seed 7 -count 20 -in runner/schedule
//	go run ./docs/mutants -list                 (what would be changed)
//
// A seed draws the same changes from the same code. Nothing in the tree is
// touched: the changed file is put over the real one for the compiler only
// (go build -overlay).
//
// The way of the data: every function's statements are read for what may be
// changed (change.go), some are drawn, evenly over the lines (draw.go), and each
// is tried against the tests of its own package, then of those that use it,
// until one fails (trial.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// flags are those of the command line.
type flags struct {
	seed    uint64
	count   int
	skip    int
	in      string
	list    bool
	timeout time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var f flags
	flag.Uint64Var(&f.seed, "seed", 1, "the draw's `seed`")
	flag.IntVar(&f.count, "count", 150, "how many changes to try")
	flag.IntVar(&f.skip, "skip", 0, "pass over so many of those drawn: to go on where a run was ended")
	flag.StringVar(&f.in, "in", "", "only code below this `folder`")
	flag.BoolVar(&f.list, "list", false, "only tell what would be changed")
	flag.DurationVar(&f.timeout, "timeout", 10*time.Minute, "what the tests of one package may take; those that take longer have noticed")
	flag.Parse()
	if err := run(ctx, f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run draws changes until as many have compiled as are asked for, and tells
// what became of each.
func run(ctx context.Context, f flags, out io.Writer) error {
	changes, err := candidates(".", f.in)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return fmt.Errorf("there is nothing to change below %q", f.in)
	}
	draw := newDraw(f.seed, changes)
	for range f.skip {
		draw.next()
	}
	if f.list {
		for range f.count {
			if c, any := draw.next(); any {
				fmt.Fprintln(out, c)
			}
		}
		return nil
	}
	tests, err := readTests(ctx)
	if err != nil {
		return err
	}
	var tally tally
	for tally.tried < f.count {
		c, any := draw.next()
		if !any {
			break
		}
		fate, err := try(ctx, c, tests.of(c.folder()), f.timeout)
		if err != nil {
			return errors.Join(err, tally.tell(out))
		}
		tally.add(c, fate, out)
	}
	return tally.tell(out)
}

// tally counts what became of the changes.
type tally struct {
	tried, noticed, senseless int
	lived                     []change
}

func (t *tally) add(c change, f fate, out io.Writer) {
	switch {
	case f.senseless:
		t.senseless++
		return
	case f.by == "":
		t.lived = append(t.lived, c)
	default:
		t.noticed++
	}
	t.tried++
	fmt.Fprintf(out, "%3d %-9s %s%s\n", t.tried, f.word(), c, f.where())
}

func (t *tally) tell(out io.Writer) error {
	if t.tried == 0 {
		return errors.New("no change was tried")
	}
	fmt.Fprintf(out, "\n%d of %d changes were noticed (%.1f %%); %d more did not compile\n",
		t.noticed, t.tried, 100*float64(t.noticed)/float64(t.tried), t.senseless)
	var lines []string
	for _, c := range t.lived {
		lines = append(lines, "  "+c.String())
	}
	if len(lines) > 0 {
		fmt.Fprintf(out, "nobody noticed:\n%s\n", strings.Join(lines, "\n"))
	}
	return nil
}
