package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/runner"
	"plimsoll/runner/fleet"
	"plimsoll/runner/fleet/manifest"
	"plimsoll/runner/scenario"
)

// fleetCommand has what is done about fleets beside running with them.
func (p *program) fleetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "fleet", Short: "Place a fleet of agents: manifests for Kubernetes", Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.manifestCommand())
	return cmd
}

// manifestFlags are the flags of `fleet manifest`.
type manifestFlags struct {
	manifest.Options
	token string
}

func (p *program) manifestCommand() *cobra.Command {
	var f manifestFlags
	cmd := &cobra.Command{
		Use: "manifest FILE", Short: "Print what Kubernetes needs to carry a scenario file out with a fleet", Args: arguments(1, 1, "one scenario file"),
		Long: `manifest prints YAML: a Job for the coordinator and the Service by which it is
found, an Indexed Job for the agents, the scenario and its files, the token, and
who may talk to whom. Nothing is sent anywhere.

The image must hold plimsoll, built with -tags embedded, where PATH finds it.
Values of the environment that the file names are taken from a Secret that you
make, NAME-environment: they never stand in the manifest.`,
		RunE: func(_ *cobra.Command, args []string) error { return p.manifest(args[0], f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.Agents, "agents", 0, "have `N` agents carry the trials out, a share each")
	flags.StringVar(&f.Image, "image", "", "`IMAGE` of plimsoll, for coordinator and agents (required)")
	flags.StringVar(&f.Name, "name", "plimsoll", "first part of all objects' `NAME`s")
	flags.StringVar(&f.Namespace, "namespace", "", "`NAMESPACE` of all objects (default: the current one)")
	flags.StringVar(&f.token, "token-file", "", "`FILE` with the fleet's token, for the Secret (default: a placeholder)")
	flags.StringArrayVar(&f.Only, "only", nil, "run only the scenario `NAME` (repeatable)")
	flags.StringArrayVar(&f.Targets, "allow-target", nil, "let agents load the address, glob or network `PATTERN` (repeatable; default: what the file says)")
	flags.BoolVar(&f.Local, "allow-exec", false, "let agents run programs, and read and write files, in their containers")
	flags.StringVar(&f.CPU, "cpu", "1", "processors of each pod, as Kubernetes writes a `QUANTITY`")
	flags.StringVar(&f.Memory, "memory", "1Gi", "memory of each pod, as Kubernetes writes a `QUANTITY`")
	flags.StringVar(&f.Claim, "results", "", "PersistentVolumeClaim `CLAIM` for the result directory (default: it goes with the pod)")
	return cmd
}

// manifest prints the manifest of a fleet for a scenario file.
func (p *program) manifest(path string, f manifestFlags) error {
	if f.Agents == 0 {
		return errors.New("write how many agents there shall be: --agents N")
	}
	if err := f.Check(); err != nil {
		return err
	}
	if _, err := fleet.NewPermit(f.Targets, f.Local); err != nil {
		return err
	}
	plan, err := p.placed(path, &f.Options)
	if err != nil {
		return err
	}
	if f.token != "" {
		if _, err := fleet.ReadToken(f.token); err != nil {
			return err
		}
		text, err := os.ReadFile(f.token)
		if err != nil {
			return err
		}
		f.Token = strings.TrimSpace(string(text))
	}
	out, err := manifest.Write(plan, f.Options)
	var problems scenario.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(p.stderr, problems.Error())
		return &exit{runner.ExitUsage, fmt.Errorf("%s cannot be placed", plan.File.Name)}
	}
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(out)
	return err
}

// placed reads a scenario file, refuses what a fleet cannot share, and gathers what the
// coordinator and the agents need to have of it.
func (p *program) placed(path string, o *manifest.Options) (*scenario.Plan, error) {
	text, err := p.text(path)
	if err != nil {
		return nil, err
	}
	plan, err := p.parseWith(path, text, func(name string) (string, bool) {
		value, set := os.LookupEnv(name)
		v := manifest.Variable{Name: name, Optional: !set}
		if !slices.Contains(o.Environment, v) {
			o.Environment = append(o.Environment, v)
		}
		return value, set
	}, nil)
	if err != nil {
		return nil, err
	}
	if err := p.shareable(plan, runFlags{only: o.Only, fleet: fleetFlags{agents: o.Agents}}); err != nil {
		return nil, err
	}
	sent, err := fleet.PlanOf(plan, text, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	o.Text, o.Files = text, sent.Files
	if len(o.Targets) == 0 {
		o.Targets, o.Unknown = manifest.Targets(text)
	}
	return plan, nil
}
