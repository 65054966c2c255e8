package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
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
	var addr, file, name, stream string
	var pause time.Duration
	var child bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve a simulated target, over HTTP or as its kind speaks", Args: arguments(0, 0, ""),
		Long: `serve answers every path as the simulated target says, and besides
/delay/SECONDS, /status/CODE, /bytes/N, /echo and /health.
It listens on this machine only, unless --addr says otherwise.

With --stream every path, /v1/chat/completions too, answers as a server of a
language model does, event by event (chat completions over SSE; one whole answer
where the request says "stream": false, lines of JSON where it accepts
application/x-ndjson):

  plimsoll serve --stream 'first: 200ms, gap: 20ms, events: 120'
  curl -N http://127.0.0.1:8080/v1/chat/completions -d '{"stream": true,
    "stream_options": {"include_usage": true}, "messages": []}'`,
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
			if cmd.Flags().Changed("stream") {
				if err := readStream(stream, &options.Settings); err != nil {
					return err
				}
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
	flags.StringVar(&stream, "stream", "", "answer event by event: `KEYS` as of stream in scenario files, 'first: 200ms, gap: 20ms, events: 120'")
	flags.StringVar(&file, "file", "", "scenario `FILE` that describes the target")
	flags.StringVar(&name, "target", "", "`NAME` of the target in that file")
	flags.BoolVar(&child, "child", false, "serve for the parent process, see target/serve")
	_ = flags.MarkHidden("child")
	for _, pair := range [][]string{{"delay", "file"}, {"stream", "file"}, {"stream", "delay"}} {
		cmd.MarkFlagsMutuallyExclusive(pair...)
	}
	return cmd
}

// readStream reads what --stream says, as a scenario file says it under `stream:`,
// with its braces or without.
func readStream(text string, s *sim.Settings) error {
	if text = strings.TrimSpace(text); !strings.HasPrefix(text, "{") {
		text = "{" + text + "}"
	}
	r := setting.NewReader(os.LookupEnv, ".")
	if root := r.Load([]byte(text)); root != nil {
		read, _ := sim.StreamShape().Read(r, root)
		s.Stream = &read
	}
	var wrong []string
	for _, problem := range r.Problems() {
		wrong = append(wrong, problem.Text)
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("--stream: %s (for example: --stream 'first: 200ms, gap: 20ms, events: 120')", strings.Join(wrong, "; "))
}

// broken makes an error one of a command that could not be carried out, if it is not
// known to be another.
func broken(err error) error {
	var end *exit
	if err == nil || errors.As(err, &end) {
		return err
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
