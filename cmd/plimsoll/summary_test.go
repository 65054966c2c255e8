package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// However often one command prints annotations, the job's summary has its run once;
// what other commands have told stays.
func TestASummaryHasARunOnce(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	dir := folder(t, "targets: {t: {sim: {delay: 1ms}}}\nscenarios:\n  - {name: the-only-one, target: t, clock: virtual, requests: 10, modes: [sequential]}\n")
	for n, args := range []string{
		"run s.yaml --quiet --write github=- --write github=annotations.txt",
		"report results/latest --format github --write github=more.txt",
		"report results/latest --format github",
	} {
		if end := plimsoll(t, dir, strings.Fields(args)...); end.code != 0 {
			t.Fatalf("%s: exit code %d\n%s", args, end.code, end.stderr)
		}
		text, err := os.ReadFile(summary)
		if got := strings.Count(string(text), "\n## the-only-one\n"); err != nil || got != n+1 {
			t.Errorf("%s: %v, the run is there %d times, want %d\n%s", args, err, got, n+1, text)
		}
	}
}
