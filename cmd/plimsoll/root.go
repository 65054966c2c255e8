package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"plimsoll/runner"
	"plimsoll/runner/fleet"
	"plimsoll/target/plain"
)

// program is what every command works with.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer // of plain texts, see run
	// clock is the one by which an agent's trials begin; nil: the process's own.
	clock fleet.Clock
}

// exit ends a command with a code; without an error it has said all already.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return fmt.Sprint(e.err) }

// run is the whole program: arguments in, exit code out.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// Names, messages, whole results come from elsewhere: none of them is to
	// give orders to a person's terminal.
	out, problems := &plain.Writer{To: stdout, Colour: terminal(stdout)}, &plain.Writer{To: stderr}
	defer func() { _, _ = out.Flush(), problems.Flush() }()
	p := &program{stdin: stdin, stdout: out, stderr: problems}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return runner.ExitOK
	}
	var end *exit
	if !errors.As(err, &end) {
		end = &exit{code: runner.ExitUsage, err: err}
	}
	if end.err != nil {
		fmt.Fprintf(p.stderr, "plimsoll: %v\n", end.err)
	}
	return end.code
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "plimsoll",
		Short: "Load tests and benchmarks that tell the truth",
		Long: `plimsoll loads servers by scenarios written in YAML, one call after another,
many at a time or at a rate, measures every call from when it was due, and
writes speedup tables, latency distributions and charts.

Begin with: plimsoll init, then: plimsoll run`,
		Args:          commandsOnly,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),

		DisableFlagsInUseLine: true,
	}
	root.SetFlagErrorFunc(flagProblem)
	root.SetHelpCommand(helpCommand(root))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.runCommand(), p.benchCommand(), p.tryCommand(), p.validateCommand(), p.reportCommand(), p.compareCommand(), p.calibrateCommand(), p.serveCommand(), p.agentCommand(), p.fleetCommand(),
		p.galleryCommand(), p.schemaCommand(), p.initCommand(), p.versionCommand())
	return root
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, "plimsoll", version())
			return err
		},
	}
}

// version is what the build was told, or the commit it was made from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// beneath is the stream that a writer of plain texts writes to.
func beneath(stream io.Writer) io.Writer {
	if w, ok := stream.(*plain.Writer); ok {
		return w.To
	}
	return stream
}

// terminal tells whether a stream is one that a person looks at.
func terminal(stream io.Writer) bool {
	file, ok := beneath(stream).(*os.File)
	if !ok {
		return false
	}
	stat, err := file.Stat()
	return err == nil && stat.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
