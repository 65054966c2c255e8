package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// defaultFile is the scenario file of who names none.
const defaultFile = "scenarios.yaml"

//go:embed starter.yaml
var starter []byte

//go:embed journey.yaml
var journeyStarter []byte

// longest bounds a scenario file: nobody writes one of 10 MB.
const longest = 10 << 20

// load reads and checks a scenario file; "-" is standard input.
func (p *program) load(path string) (*scenario.Plan, error) {
	text, err := p.text(path)
	if err != nil {
		return nil, err
	}
	return p.parse(path, text, nil)
}

// text is that of a scenario file; "-" is standard input.
func (p *program) text(path string) ([]byte, error) {
	text, err := p.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		hint := ""
		switch {
		case path == defaultFile:
			hint = "; `plimsoll init` writes one to start from"
		case strings.Contains(path, "://"):
			path, hint = withoutQuery(path), "; to load a URL, write plimsoll bench URL"
		}
		return nil, &exit{runner.ExitUsage, fmt.Errorf("there is no file %s%s", path, hint)}
	}
	if info, statErr := os.Stat(path); err != nil && statErr == nil && info.IsDir() {
		return nil, &exit{runner.ExitUsage, fmt.Errorf("%s is a folder, not a scenario file%s", path, insteadOf(path))}
	}
	if err != nil {
		return nil, &exit{runner.ExitUsage, fmt.Errorf("cannot read the scenario file: %w", err)}
	}
	if isResult(text) {
		return nil, &exit{runner.ExitUsage, fmt.Errorf("%s is a result, not a scenario file: plimsoll report %s shows it", path, path)}
	}
	return text, nil
}

// parse checks a scenario file's text.
func (p *program) parse(path string, text []byte, alone *scenario.Alone) (*scenario.Plan, error) {
	return p.parseWith(path, text, os.LookupEnv, alone)
}

// parseWith checks a scenario file's text that names variables of an environment.
func (p *program) parseWith(path string, text []byte, environment func(string) (string, bool), alone *scenario.Alone) (*scenario.Plan, error) {
	name, dir := path, filepath.Dir(path)
	if path == "-" {
		name, dir = "stdin", "."
	}
	plan, problems := scenario.ParseAlone(name, text, environment, dir, alone)
	if len(problems) > 0 {
		fmt.Fprintln(p.stderr, problems.Error())
		return nil, &exit{runner.ExitUsage, fmt.Errorf("%s has %s", name, count(len(problems), "mistake"))}
	}
	return plan, nil
}

// insteadOf says what a folder holds that may have been meant.
func insteadOf(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, result.FileName)); err == nil {
		return ": it holds a result, which plimsoll report " + dir + " shows"
	}
	if _, err := os.Stat(filepath.Join(dir, defaultFile)); err == nil {
		return ": did you mean " + filepath.Join(dir, defaultFile) + "?"
	}
	return ""
}

// isResult tells whether a text is a run.json and no scenario file.
func isResult(text []byte) bool {
	var head struct {
		Format int               `json:"format"`
		Trials []json.RawMessage `json:"trials"`
	}
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && json.Unmarshal(text, &head) == nil && head.Format > 0 && head.Trials != nil
}

func (p *program) read(path string) ([]byte, error) {
	in := p.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, longest+1))
	if len(text) > longest {
		err = fmt.Errorf("%s is longer than 10 MB: is it a scenario file?", path)
	}
	return text, err
}

// count is "1 mistake" or "2 mistakes".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (p *program) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate [FILE|-]", Short: "Check a scenario file: every mistake with its place",
		Args: arguments(0, 1, "one scenario file"),
		RunE: func(_ *cobra.Command, args []string) error {
			path := fileArgument(args)
			plan, err := p.load(path)
			if err != nil {
				return err
			}
			if len(plan.Warnings) > 0 {
				if _, err := fmt.Fprint(p.stderr, plan.Warnings.Error()); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintf(p.stdout, "%s is good: %s, %s\n", path,
				count(len(plan.Scenarios), "scenario"), count(len(plan.Trials()), "trial"))
			return err
		},
	}
}

func fileArgument(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return defaultFile
}

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the scenario file, for editors", Args: arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			text, err := scenario.Schema()
			if err == nil {
				_, err = p.stdout.Write(text)
			}
			return err
		},
	}
}

func (p *program) initCommand() *cobra.Command {
	journey := false
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "Write a commented scenario file to start from (never overwrites)",
		Args: arguments(0, 1, "one file to write"),
		RunE: func(_ *cobra.Command, args []string) error {
			path, text, then := fileArgument(args), starter, "run it with: plimsoll run %[1]s"
			if journey {
				text, then = journeyStarter, "look at one iteration with: plimsoll try %[1]s --journey buy, and run it with: plimsoll run %[1]s"
			}
			if err := writeNew(path, text); err != nil {
				return err
			}
			_, err := fmt.Fprintf(p.stdout, "wrote %[1]s; "+then+"\n", path)
			return err
		},
	}
	cmd.Flags().BoolVar(&journey, "journey", false, "of what users do, step by step: login, list, detail, order")
	return cmd
}

// writeNew writes a scenario file where there is none.
func writeNew(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is left as it is", path)
	}
	if err != nil {
		return fmt.Errorf("cannot write the scenario file: %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
