package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"plimsoll/report"
	"plimsoll/runner/result"
	"plimsoll/target/setting"
)

// writes are the files that a result is to be written to, as --write names
// them.
type writes []write

type write struct{ kind, file string }

// standardOutput is the FILE that is none.
const standardOutput = "-"

func (w *writes) declare(flags *pflag.FlagSet) {
	flags.Func("write", "write the result to a file as well, `KIND=FILE` (repeatable); kinds: "+report.Choice(report.Formats())+"; FILE may be -", w.add)
}

func (w *writes) add(text string) error {
	kind, file, found := strings.Cut(text, "=")
	switch {
	case !found && slices.Contains(report.Formats(), kind):
		return fmt.Errorf("it names no file: write %s=FILE", kind)
	case !found:
		return fmt.Errorf("write KIND=FILE, such as junit=results.xml; kinds are %s", report.Choice(report.Formats()))
	case !slices.Contains(report.Formats(), kind):
		return fmt.Errorf("there is no kind %q%s", kind, setting.Suggest(kind, report.Formats()))
	case file == "":
		return fmt.Errorf("it names no file: write %s=FILE", kind)
	case w.toStdout() && file == standardOutput:
		return errors.New("only one of them can go to standard output")
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: name a file, such as %s", file, filepath.Join(file, kind))
	}
	*w = append(*w, write{kind, file})
	return nil
}

// toStdout tells whether one of them goes to standard output, which then is
// its alone.
func (w writes) toStdout() bool {
	return slices.ContainsFunc(w, func(one write) bool { return one.file == standardOutput })
}

// beside is the program that prints what people read where it does not come
// among what is written to standard output.
func (p *program) beside(w writes) *program {
	if !w.toStdout() {
		return p
	}
	return &program{stdin: p.stdin, stdout: p.stderr, stderr: p.stderr}
}

// render prints a run in one of the formats.
type render func(to io.Writer, run *result.Run, format string, o report.Options) error

// write writes them all; what cannot be written does not keep the rest back.
func (p *program) write(w writes, run *result.Run, o report.Options) error {
	return p.writeAs(w, run, o, report.Render)
}

// writeAs is write of a run that is looked at in some way.
func (p *program) writeAs(w writes, run *result.Run, o report.Options, as render) error {
	o.Colour, o.Width = false, 0
	var problems []error
	for _, one := range w {
		problems = append(problems, p.writeOne(one, run, o, as))
		o.CI = summarized(o.CI, one.kind)
	}
	return errors.Join(problems...)
}

// summarized is what is left to tell the machinery once a run was printed in a format: its
// summary has the run then, and no second time.
func summarized(c report.CI, format string) report.CI {
	if format == report.GitHub {
		c.Summary = ""
	}
	return c
}

func (p *program) writeOne(one write, run *result.Run, o report.Options, as render) error {
	var out bytes.Buffer
	if err := as(&out, run, one.kind, o); err != nil {
		return fmt.Errorf("--write %s: %w", one.kind, err)
	}
	if one.file == standardOutput {
		_, err := p.printer(one.kind == report.JSON).Write(out.Bytes())
		return err
	}
	if info, err := os.Stat(one.file); err == nil && !info.Mode().IsRegular() { // a pipe or a device stays what it is
		return os.WriteFile(one.file, out.Bytes(), 0o666)
	}
	if err := os.MkdirAll(filepath.Dir(one.file), 0o777); err != nil {
		return fmt.Errorf("cannot write %s: %w", one.file, err)
	}
	return result.WriteFile(one.file, func(to io.Writer) error {
		_, err := to.Write(out.Bytes())
		return err
	})
}
