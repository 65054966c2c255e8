package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/runner"
	"plimsoll/target/delay"
	"plimsoll/target/kind"
	"plimsoll/target/serve"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

func (p *program) serveCommand() *cobra.Command {
	var addr, file, name string
	var pause time.Duration
	var child bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve a simulated target, over HTTP or as its kind speaks", Args: arguments(0, 0, ""),
		Long: `serve answers every path as the simulated target says, and besides
/delay/SECONDS, /status/CODE, /bytes/N, /echo and /health.
It listens on this machine only, unless --addr says otherwise.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if child {
				defer attend(cmd.Context())()
				return broken(serve.RunChild(cmd.Context(), p.stdin, p.stdout))
			}
			if pause < 0 {
				return fmt.Errorf("--delay must not be negative")
			}
			options := serve.Options{Addr: addr, Seed: 1, Spin: wait.DefaultSpin, Settings: sim.Settings{Delay: delay.Of(pause)}}
			if (file == "") != (name == "") {
				return fmt.Errorf("--file and --target go together: the target's name in that scenario file")
			}
			if file != "" {
				if err := p.fromFile(file, name, &options); err != nil {
					return err
				}
			}
			defer attend(cmd.Context())()
			return broken(serve.Run(cmd.Context(), options, func(addr string) {
				fmt.Fprintf(p.stdout, "serving on %s (Ctrl-C ends)\n", options.URL(addr))
			}))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on")
	flags.DurationVar(&pause, "delay", 0, "how long each call takes")
	flags.StringVar(&file, "file", "", "scenario `FILE` that describes the target")
	flags.StringVar(&name, "target", "", "`NAME` of the target in that file")
	flags.BoolVar(&child, "child", false, "serve for the parent process, see target/serve")
	_ = flags.MarkHidden("child")
	cmd.MarkFlagsMutuallyExclusive("delay", "file")
	return cmd
}

// broken makes an error one of a command that could not be carried out.
func broken(err error) error {
	if err == nil {
		return nil
	}
	return &exit{runner.ExitInvalid, err}
}

// fromFile takes the simulated server from a scenario file's target.
func (p *program) fromFile(file, name string, o *serve.Options) error {
	plan, err := p.load(file)
	if err != nil {
		return err
	}
	o.Seed, o.Spin, o.Names = plan.Seed, plan.Spin, []string{"serve", name}
	for _, t := range plan.Targets {
		if t.Name != name {
			continue
		}
		if serves, ok := t.Settings.(interface{ Service() (kind.Service, bool) }); ok {
			if service, has := serves.Service(); has {
				return o.Take(service)
			}
		}
		return fmt.Errorf("the target %q of %s is no simulated one: it has neither sim: nor serve:", name, file)
	}
	var known []string
	for _, t := range plan.Targets {
		known = append(known, t.Name)
	}
	return fmt.Errorf("%s has no target %q%s", file, name, setting.Suggest(name, known))
}
