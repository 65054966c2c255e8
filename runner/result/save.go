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
	if err := run.Check(); err != nil {
		return fmt.Errorf("cannot save the run, a bug of plimsoll: %w", err)
	}
	return WriteFile(filepath.Join(dir, FileName), func(w io.Writer) error { return Encode(w, run) })
}

// Encode writes a run as run.json has it.
func Encode(w io.Writer, run *Run) error {
	out := *run
	out.Format = Format
	// What is empty is [] and {}: whoever reads the file need not know null.
	out.Trials = orEmpty(slices.Clone(run.Trials))
	for i := range out.Trials {
		t := &out.Trials[i]
		t.Timeline = orEmpty(t.Timeline)
		if t.Errors == nil {
			t.Errors = map[string]Error{}
		}
	}
	out.Speedups = orEmpty(out.Speedups)
	out.Verdicts = orEmpty(out.Verdicts)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // "p99 < 200ms" is for people too
	e.SetIndent("", " ")
	return e.Encode(&out)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
