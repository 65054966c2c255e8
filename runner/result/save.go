package result

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// FileName is the name of a run's file in its result directory.
const FileName = "run.json"

// Save writes run.json into dir, whole or not at all (see WriteFile). Equal
// runs give equal bytes. A run that breaks a law (see Check) is refused, and
// what was saved before stays. Format is set to the one written.
func Save(dir string, run *Run) error {
	_, err := save(dir, run)
	return err
}

// save is Save, and tells how many bytes it has written.
func save(dir string, run *Run) (size int64, err error) {
	if err := run.Check(); err != nil {
		return 0, fmt.Errorf("cannot save the run, a bug of plimsoll: %w", err)
	}
	err = WriteFile(filepath.Join(dir, FileName), func(w io.Writer) error {
		counting := &counter{w: w}
		err := Encode(counting, run)
		size = counting.n
		return err
	})
	return size, err
}

// counter counts what it passes on.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Encode writes a run as run.json has it.
func Encode(w io.Writer, run *Run) error {
	out := *run
	out.Format = Format
	// What is empty is [] and {}: whoever reads the file need not know null.
	out.Trials = make([]Trial, 0, len(run.Trials)+1)
	for i := range run.Trials {
		out.Trials = append(out.Trials, *run.Trials[i].whole())
	}
	if run.UnderWay != nil {
		out.Trials = append(out.Trials, *run.UnderWay.whole())
	}
	out.Speedups = orEmpty(out.Speedups)
	out.Verdicts = orEmpty(out.Verdicts)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // "p99 < 200ms" is for people too
	e.SetIndent("", " ")
	return e.Encode(&out)
}

// whole is the trial with every list there, if it has nothing in it.
func (t *Trial) whole() *Trial {
	out := *t
	out.Timeline = orEmpty(out.Timeline)
	if out.Errors == nil {
		out.Errors = map[string]Error{}
	}
	out.Beside = slices.Clone(t.Beside)
	for i := range out.Beside {
		out.Beside[i] = *out.Beside[i].whole()
	}
	return &out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
