package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"plimsoll/runner"
	"plimsoll/runner/fleet"
	"plimsoll/target/host"
)

// agentFlags are the flags of `agent`.
type agentFlags struct {
	nats, token, name, keep string
	once, local, recover    bool
	targets, env            []string
}

func (p *program) agentCommand() *cobra.Command {
	var f agentFlags
	cmd := &cobra.Command{
		Use: "agent", Short: "Take a share of the loads that a coordinator (run --agents) plans",
		Args: arguments(0, 0, ""),
		Long: `agent waits for a coordinator, takes a share of each of its trials, and hands over
what it has measured. It serves one after another, or one with --once.

It loads this machine alone, over loopback, unless --allow-target says otherwise,
and neither runs programs nor touches files without --allow-exec, nor lets plans
name variables of the environment without --allow-env. When there is no word from
the coordinator for 3 s it stops. What it has recorded stays in the folder --keep
until the coordinator has written the result: of one that died before, agent
--recover hands that over to run --recover.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.agent(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.nats, "nats", "nats://"+usualTalk, "`URL` at which the coordinator is found: tls://HOST:4222")
	flags.StringVar(&f.token, "token-file", "", "`FILE` with the coordinator's token")
	flags.StringVar(&f.name, "name", "", "`NAME` of this agent in results (default: the machine's, and the process's number)")
	flags.BoolVar(&f.once, "once", false, "end with the first coordinator")
	flags.StringVar(&f.keep, "keep", keptFolder(), "`DIR` for what is recorded, until the result is written; \"\" keeps nothing")
	flags.Lookup("keep").DefValue = "plimsoll/kept in this user's cache"
	flags.BoolVar(&f.recover, "recover", false, "load nothing: hand over what lies in --keep to a coordinator that recovers (run --recover)")
	flags.StringArrayVar(&f.targets, "allow-target", nil, "let coordinators load the address, glob or network `PATTERN`, with :PORT or without (repeatable)")
	flags.StringArrayVar(&f.env, "allow-env", nil, "let plans name the environment's variable `NAME`, or glob, and so coordinators find out its value (repeatable)")
	flags.BoolVar(&f.local, "allow-exec", false, "let coordinators run programs, and read and write files, on this machine")
	return cmd
}

// agent serves coordinators until it is interrupted.
func (p *program) agent(ctx context.Context, f agentFlags) error {
	if f.recover && f.keep == "" {
		return errors.New("--recover needs --keep DIR, where agents have kept what they recorded")
	}
	permit, err := fleet.NewPermit(f.targets, f.local)
	if err == nil {
		permit, err = permit.WithVariables(f.env)
	}
	if err != nil {
		return err
	}
	token := fleet.NoToken()
	if f.token != "" {
		if token, err = fleet.ReadToken(f.token); err != nil {
			return err
		}
	}
	defer attend(ctx)()
	runtime.GOMAXPROCS(host.Processors() + 1) // as watching has it
	a := fleet.Agent{
		Talk: fleet.Talk{URL: f.nats, Token: token, Program: version(), Note: func(text string) { fmt.Fprintln(p.stderr, text) }},
		Work: &fleet.Shares{Permit: permit, Environment: os.LookupEnv, Version: version()},
		Name: f.name, Index: place(), Once: f.once, Keep: f.keep, Clock: p.clock,
	}
	if err := a.Check(); err != nil {
		return err
	}
	if a.Name == "" {
		machine, _ := os.Hostname()
		a.Name = fmt.Sprintf("%s-%d", machine, os.Getpid())
	}
	serve := a.Run
	if f.recover {
		serve = a.Recover
	}
	if err := serve(ctx); err != nil && ctx.Err() == nil {
		return broken(err)
	}
	if ctx.Err() != nil {
		return &exit{code: runner.ExitInterrupted}
	}
	return nil
}

// keptFolder is where agents keep what they have recorded whom nobody has told; "":
// this user has no folder for such things.
func keptFolder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "plimsoll", "kept")
}

// place is the agent's among its like, where Kubernetes has numbered them; -1: nobody
// has.
func place() int {
	if n, err := strconv.Atoi(os.Getenv("JOB_COMPLETION_INDEX")); err == nil && n >= 0 {
		return n
	}
	return -1
}
