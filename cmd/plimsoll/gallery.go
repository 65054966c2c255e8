package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/docs/gallery"
	"plimsoll/runner/scenario"
	"plimsoll/target/broker"
	"plimsoll/target/setting"
)

func (p *program) galleryCommand() *cobra.Command {
	var f runFlags
	show := false
	cmd := &cobra.Command{
		Use: "gallery [NAME|NUMBER]", Short: "Scenario files to look at, to run and to copy",
		Long: `gallery lists scenario files that are in the program itself: what people do with
concurrency, in simulated time and for real. With a name or a number it carries
one out as run does; with --show it prints the file, to copy.`,
		Args: arguments(0, 1, "the name of one entry, or its number"),
		RunE: func(cmd *cobra.Command, args []string) error {
			entries, err := gallery.Entries()
			if err != nil {
				return broken(err)
			}
			if len(args) == 0 {
				if show {
					return errors.New("--show needs the name of an entry, or its number: plimsoll gallery lists them")
				}
				return p.listGallery(entries)
			}
			entry, err := entryOf(entries, args[0])
			if err != nil {
				return err
			}
			if show {
				_, err = p.stdout.Write(entry.Text)
				return err
			}
			if err := checkPrinted(f.format); err != nil {
				return err
			}
			return p.runEntry(cmd.Context(), entry, f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&show, "show", false, "print the scenario file; send nothing")
	flags.StringArrayVar(&f.only, "only", nil, "run only the scenario `NAME` (repeatable)")
	flags.StringVar(&f.out, "out", "results", "`DIR` for result directories")
	flags.StringVar(&f.format, "format", "text", printedUsage)
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress")
	f.shown.declare(flags)
	flags.BoolVar(&f.allowLate, "allow-late", false, "accept trials in which the generator fell behind")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the trials and how long they take; send nothing")
	return cmd
}

func (p *program) listGallery(entries []gallery.Entry) error {
	widest := 0
	for _, e := range entries {
		widest = max(widest, len(e.Name))
	}
	for _, e := range entries {
		if _, err := fmt.Fprintf(p.stdout, "%2d  %-*s  %s\n", e.Number, widest, e.Name, e.About()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(p.stdout, "\nplimsoll gallery NAME runs one, with --show it prints its file.")
	return err
}

// entryOf is the entry of a name, a number, or a file's name.
func entryOf(entries []gallery.Entry, asked string) (gallery.Entry, error) {
	number, err := strconv.Atoi(asked)
	var names []string
	for _, e := range entries {
		if err == nil && number == e.Number || asked == e.Name || strings.TrimSuffix(asked, ".yaml") == strings.TrimSuffix(e.File, ".yaml") {
			return e, nil
		}
		names = append(names, e.Name)
	}
	if err == nil {
		return gallery.Entry{}, fmt.Errorf("the gallery has no number %d, only %d to %d: plimsoll gallery lists them", number, entries[0].Number, entries[len(entries)-1].Number)
	}
	return gallery.Entry{}, fmt.Errorf("the gallery has no %q%s", asked, setting.Suggest(asked, names))
}

// runEntry carries an entry out as `run` does, in a folder of its own for what
// the file needs beside it.
func (p *program) runEntry(ctx context.Context, entry gallery.Entry, f runFlags) (err error) {
	dir, err := os.MkdirTemp("", "plimsoll-gallery-")
	if err != nil {
		return broken(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := gallery.Unpack(dir); err != nil {
		return broken(err)
	}
	plan, problems := scenario.ParseAlone(entry.File, entry.Text, os.LookupEnv, dir, nil)
	if len(problems) > 0 {
		return broken(problems)
	}
	if len(f.only) == 0 {
		f.only = p.carriedHere(entry, plan)
	}
	if f.dryRun {
		return p.dryRun(plan, f)
	}
	return p.carryOut(ctx, plan, f)
}

// carriedHere are the scenarios of an entry for which all that they take is here; what
// is left out is told. None: all of them.
func (p *program) carriedHere(entry gallery.Entry, plan *scenario.Plan) []string {
	if absent := absentOf(entry.Programs()); absent != "" {
		fmt.Fprintf(p.stderr, "%s is not installed here: only what is simulated is carried out\n", absent)
		return simulated(plan)
	}
	if broker.Embedded {
		return nil
	}
	here, left := plan.Scenarios[:0:0], []string(nil)
	for _, s := range plan.Scenarios {
		if slices.Contains(embedded, s.Target.Settings.Traits().Kind) {
			left = append(left, s.Name)
		} else {
			here = append(here, s)
		}
	}
	if len(left) == 0 {
		return nil
	}
	fmt.Fprintf(p.stderr, "left out: %s, whose server is only in programs that are built with `go build -tags embedded ./cmd/plimsoll`\n", strings.Join(left, ", "))
	return names(here)
}

// embedded are the kinds of target whose servers, where the gallery needs one, are
// plimsoll's own.
var embedded = []string{"sql", "nats"}

// absentOf is the first program that is not installed, or "".
func absentOf(programs []string) string {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// simulated are the names of the scenarios under the virtual clock.
func simulated(plan *scenario.Plan) []string {
	return names(slices.DeleteFunc(slices.Clone(plan.Scenarios), func(s *scenario.Scenario) bool { return s.Clock != scenario.Virtual }))
}

func names(scenarios []*scenario.Scenario) (list []string) {
	for _, s := range scenarios {
		list = append(list, s.Name)
	}
	return list
}
