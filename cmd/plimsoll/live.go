package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"plimsoll/report"
	"plimsoll/report/live"
	"plimsoll/runner"
	"plimsoll/runner/export"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// liveFlags are those of the page that shows a run while it goes on.
type liveFlags struct {
	address, token string
	keep           bool
}

// anyPort is where a live page is unless somebody says otherwise.
const anyPort = "127.0.0.1:0"

func (f *liveFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "live", "", "show the run in a browser while it goes on, at `ADDR` (alone: a free port of 127.0.0.1)")
	flags.Lookup("live").NoOptDefVal = anyPort
	flags.StringVar(&f.token, "live-token", "", "what a browser must know to see it, in ?token=`TOKEN`; needed where others can reach the address")
	flags.BoolVar(&f.keep, "live-keep", false, "go on showing the report until Ctrl-C")
}

// check reports flags without what they are about.
func (f *liveFlags) check() error {
	if f.address == "" && (f.token != "" || f.keep) {
		return errors.New("--live-token and --live-keep are for --live: add it")
	}
	return nil
}

// onAir is a run that is shown live.
type onAir struct {
	*live.Server
	metrics *export.Exporter
	of      string // the scenario whose trial is under way
	keep    bool
	over    bool
}

// begin shows a run of so many trials; nil where nobody asked for that.
func (f *liveFlags) begin(p *program, file string, trials int) (*onAir, error) {
	if f.address == "" {
		return nil, nil
	}
	metrics, err := export.Start(&export.Settings{}, version(), func(string) {})
	if err != nil {
		return nil, err
	}
	server, err := live.Listen(live.Options{Address: f.address, Token: f.token, Title: file, Planned: trials, Metrics: metrics.Metrics()})
	if err != nil {
		return nil, &exit{runner.ExitUsage, err}
	}
	fmt.Fprintln(p.stderr, "live:", server.URL())
	return &onAir{Server: server, metrics: metrics, keep: f.keep}, nil
}

// takers are those who are given what a run records for it to be shown.
func (a *onAir) takers() []runner.Taker {
	if a == nil {
		return nil
	}
	return []runner.Taker{a, runner.Exporting(a.metrics)}
}

func (a *onAir) begins(scenario, name string, calls int64, length time.Duration) {
	if a != nil {
		a.of = scenario
		a.Begin(name, calls, length)
	}
}

// Take shows what was recorded of the trial itself, not of what goes on beside it.
func (a *onAir) Take(p runner.Piece) {
	if p.Trial.Scenario.Name == a.of {
		a.Server.Take(shownOf(p))
	}
}

// shownOf is what is shown of a piece. What a virtual clock shows nobody knows but by what
// was recorded.
func shownOf(p runner.Piece) live.Piece {
	at := p.At
	if p.Trial.Scenario.Clock == scenario.Virtual {
		at = p.LastEnd
	}
	return live.Piece{At: at, OK: p.OK, Failed: p.Failures(), Dropped: p.Dropped, InFlight: p.InFlight, Response: p.Response}
}

// Over is nothing to a page, which hears how trials end.
func (a *onAir) Over(scenario.Trial) {}

func (a *onAir) ends(name string, t *result.Trial) {
	if a == nil {
		return
	}
	ended := string(t.Ended)
	if !t.Health.KeptPace {
		ended += ", not valid"
	}
	a.End(live.Done{Trial: name, Ended: ended, OK: t.OK, Failed: t.Failed(), PerS: strconv.FormatFloat(t.ThroughputPerS, 'g', 4, 64)})
}

func (a *onAir) fewer(trials int) {
	if a != nil {
		a.Fewer(trials)
	}
}

// report puts the report in the page's place, where it stays until ctx is done if it
// is to be kept.
func (a *onAir) report(ctx context.Context, p *program, run *result.Run, how report.Options) error {
	if a == nil {
		return nil
	}
	defer attend(ctx)() // Ctrl-C ends the showing, not the program
	var page bytes.Buffer
	err := report.Render(&page, run, report.HTML, how)
	var until <-chan struct{}
	if a.keep && ctx.Err() == nil {
		until = ctx.Done()
		fmt.Fprintf(p.stderr, "live: the report is at %s until Ctrl-C\n", a.URL())
	}
	a.Close(page.Bytes(), until)
	a.metrics.Close(ctx)
	a.over = true
	return err
}

// close ends what is shown of a run that came to no report.
func (a *onAir) close(ctx context.Context) {
	if a != nil && !a.over {
		a.Close(nil, nil)
		a.metrics.Close(ctx)
	}
}
