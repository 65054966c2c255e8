package main

import (
	"fmt"
	"os"
	"time"

	"plimsoll/runner/fleet"
)

// How far the clock of an agent that is astray stands ahead when it is started, and by
// which share it goes faster.
const (
	ahead  = 5 * time.Second
	faster = 100e-6
)

// fast is such a clock, since then.
type fast struct{ since time.Time }

func (f fast) true() fleet.Steady { return fleet.Steady(f.since) }

func (f fast) At(t time.Time) time.Duration {
	return f.true().At(t) + ahead + time.Duration(faster*float64(t.Sub(f.since)))
}

func (f fast) Now() time.Duration { return f.At(time.Now()) }

func (f fast) Time(at time.Duration) time.Time {
	began := f.true().At(f.since)
	return f.since.Add(time.Duration(float64(at-ahead-began) / (1 + faster)))
}

// astray is the program with such a clock, as `astray` on the PATH.
func astray() {
	ctx, stop := listen()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, clock: fast{time.Now()}}
	root := p.root()
	root.SetArgs(os.Args[1:])
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
