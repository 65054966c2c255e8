package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/report"
	"plimsoll/runner"
	"plimsoll/runner/calibration"
	"plimsoll/runner/result"
	"plimsoll/target/host"
)

// calibrateFlags are the flags of `calibrate`.
type calibrateFlags struct{ quick, json, quiet, noColor bool }

func (p *program) calibrateCommand() *cobra.Command {
	var f calibrateFlags
	cmd := &cobra.Command{
		Use: "calibrate", Short: "Find out what this machine can resolve, and keep it for later results",
		Long: `calibrate measures on this machine alone, for less than a minute: what a call
costs by itself, how punctual calls are, what rate can be held, and how far
apart two identical measurements are. It is kept in the user's cache folder, and
results of this machine and this version of plimsoll carry it from then on:
compare tells no difference that is smaller than chance makes here.

Leave the machine alone meanwhile, and do it again when it has changed.`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			size := calibration.Full()
			if f.quick {
				size = calibration.Quick()
			}
			return p.calibrate(cmd.Context(), size, f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.quick, "quick", false, "take 15 s, and be coarser")
	flags.BoolVar(&f.json, "json", false, "print what results carry instead of tables")
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress")
	flags.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
	return cmd
}

func (p *program) calibrate(ctx context.Context, size calibration.Size, f calibrateFlags) error {
	found, err := p.measureMachine(ctx, size, f.quiet)
	if errors.Is(err, context.Canceled) {
		return &exit{runner.ExitInterrupted, errors.New("interrupted: nothing is kept of a calibration that did not come to its end")}
	}
	if err != nil {
		return broken(fmt.Errorf("the machine cannot be calibrated: %w", err))
	}
	path, err := calibrationFile()
	if err == nil {
		err = result.SaveCalibration(path, found)
	}
	return broken(errors.Join(p.showCalibration(found, path, f), err))
}

// measureMachine shows progress while it is measured.
func (p *program) measureMachine(ctx context.Context, size calibration.Size, quiet bool) (*result.Calibration, error) {
	defer attend(ctx)()
	runtime.GOMAXPROCS(host.Processors() + 1) // as runs have it, see watched
	watch, err := newWatcher(p.stderr, quiet, size.Trials())
	if err != nil {
		return nil, err
	}
	defer watch.close()
	return calibration.Measure(ctx, calibration.Options{Size: size, Version: version(), Watch: watch, Now: time.Now()})
}

func (p *program) showCalibration(c *result.Calibration, path string, f calibrateFlags) error {
	var out bytes.Buffer
	if f.json {
		e := json.NewEncoder(&out)
		e.SetIndent("", " ")
		if err := e.Encode(c); err != nil {
			return err
		}
	} else {
		if err := report.Calibration(&out, c, p.options(shown{noColor: f.noColor})); err != nil {
			return err
		}
		fmt.Fprintf(&out, "\ncalibration: %s\n", path)
	}
	_, err := p.printer(f.json).Write(out.Bytes())
	return err
}

// calibrationFile is where calibrations are kept.
func calibrationFile() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no folder to keep the calibration in: %w", err)
	}
	return filepath.Join(cache, "plimsoll", "calibration.json"), nil
}

// calibrated is what this machine is known to resolve; nil where nobody has
// found out. A file that cannot be read is no reason not to run.
func (p *program) calibrated() *result.Calibration {
	path, err := calibrationFile()
	if err != nil {
		return nil
	}
	c, err := result.LoadCalibration(path, result.ThisMachine(), result.Tool{Name: "plimsoll", Version: version()})
	if err != nil {
		fmt.Fprintf(p.stderr, "plimsoll: going on without a calibration: %v\n", err)
		return nil
	}
	return c
}
