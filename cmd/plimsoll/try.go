package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/report/transcript"
	"plimsoll/runner"
	"plimsoll/runner/scenario"
	"plimsoll/target/host"
)

// tryFlags are the flags of `try`.
type tryFlags struct {
	journey, scenario, target string
	seed                      uint64
	noColor                   bool
}

func (p *program) tryCommand() *cobra.Command {
	var f tryFlags
	cmd := &cobra.Command{
		Use: "try [FILE|-]", Short: "Carry one iteration of a scenario's steps out, and show every request and answer",
		Long: `try carries one iteration out for real, with setup, enter, leave and teardown,
and shows as it goes what is sent, what comes back, and what every check,
extract and if saw. Bodies are shortened; secrets have their names in them.

Exit codes: 0 the iteration succeeded; 1 it failed; 2 the command or the file is
wrong; 3 it could not be carried out; 130 interrupted.`,
		Args: arguments(0, 1, "one scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, s, err := p.tried(fileArgument(args), f)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("seed") {
				plan.Seed = f.seed
			}
			return p.try(cmd.Context(), plan, s, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.journey, "journey", "", "do nothing but the journey `NAME`")
	flags.StringVar(&f.scenario, "scenario", "", "try the scenario `NAME`, where there are several with steps")
	flags.StringVar(&f.target, "target", "", "call the target `NAME` instead of the scenario's")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of every random choice, a whole number `N`, instead of the file's")
	flags.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
	return cmd
}

// tried is the plan of a file, and the scenario of it that shall be tried.
func (p *program) tried(path string, f tryFlags) (*scenario.Plan, *scenario.Scenario, error) {
	text, err := p.text(path)
	if err != nil {
		return nil, nil, err
	}
	plan, err := p.parse(path, text, nil)
	if err != nil {
		return nil, nil, err
	}
	name := f.scenario
	if f.journey != "" {
		doing, err := plan.Doing(f.journey)
		if err != nil {
			return nil, nil, err
		}
		if name == "" {
			name = doing.Name
		}
	}
	s, err := stepped(plan, name)
	if err != nil {
		return nil, nil, err
	}
	if f.journey != "" {
		if plan, err = p.parse(path, text, &scenario.Alone{Scenario: s.Name, Journey: f.journey}); err != nil {
			return nil, nil, err
		}
		if s, err = stepped(plan, s.Name); err != nil {
			return nil, nil, err
		}
	}
	if f.target != "" {
		one := *plan
		one.Scenarios = []*scenario.Scenario{s}
		if plan, err = one.Retarget(f.target); err != nil {
			return nil, nil, err
		}
		s = plan.Scenarios[0]
	}
	return plan, s, nil
}

// stepped is the scenario of that name; of none, the only one with steps.
func stepped(plan *scenario.Plan, name string) (*scenario.Scenario, error) {
	if name != "" {
		trials, err := runner.Select(plan, []string{name})
		if err != nil {
			return nil, err
		}
		return trials[0].Scenario, nil
	}
	var all []*scenario.Scenario
	var names []string
	for _, s := range plan.Scenarios {
		if s.Steps != nil {
			all, names = append(all, s), append(names, s.Name)
		}
	}
	switch len(all) {
	case 0:
		return nil, fmt.Errorf("%s has no scenario with steps to try: plimsoll run carries out those that make single calls", plan.File.Name)
	case 1:
		return all[0], nil
	}
	return nil, fmt.Errorf("%s has %d scenarios with steps, %s: say which with --scenario %s", plan.File.Name, len(all), strings.Join(names, ", "), names[0])
}

// try carries the iteration out.
func (p *program) try(ctx context.Context, plan *scenario.Plan, s *scenario.Scenario, f tryFlags) error {
	defer attend(ctx)()
	runtime.GOMAXPROCS(host.Processors() + 1)
	atOnce, release := secondInterrupt(ctx, func() {})
	defer release()
	shown := p.transcript(plan, f.noColor)
	tried, err := runner.Try(ctx, atOnce, runner.Options{Plan: plan, Output: beneath(p.stderr)}, s, shown)
	if err == nil {
		err = shown.Err()
	}
	switch {
	case ctx.Err() != nil:
		return &exit{runner.ExitInterrupted, errors.New("interrupted")}
	case err != nil:
		return &exit{runner.ExitInvalid, err}
	case tried.Class != "":
		return &exit{runner.ExitBroken, fmt.Errorf("the %s failed, %s: %s", tried.Part, tried.Class, shown.Clean(tried.Example))}
	}
	return nil
}

// transcript writes on stdout.
func (p *program) transcript(plan *scenario.Plan, noColor bool) *transcript.Transcript {
	how := p.options(shown{noColor: noColor})
	return transcript.New(p.stdout, transcript.Options{Width: how.Width, Colour: how.Colour, Scrub: plan.Scrub})
}
