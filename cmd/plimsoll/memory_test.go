package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Memory does not grow with the number of calls: the most that was resident
// when the last of 10⁷ calls had ended is within 10 % of that of 10⁵. The
// lowest of several runs counts, because when garbage is collected is chance.
//
// Histograms cover the range of the values they have met, which for a law like
// the exponential grows with the logarithm of their number, as far as 10 MB;
// the service times here stay within a few octaves.
func TestMemoryStaysFlat(t *testing.T) {
	if !procfs || testing.Short() {
		t.Skip("it takes seconds, on a system that tells the peak of a process's memory")
	}
	t.Parallel()
	many := "10M"
	if *long {
		many = "100M"
	}
	few := min(peak(t, "100k"), peak(t, "100k"), peak(t, "100k"))
	var most int
	for range 5 {
		most = peak(t, many)
		t.Logf("%d KB after 100k calls, %d KB after %s: %+.1f %%", few, most, many, 100*float64(most-few)/float64(few))
		if most <= few+few/10 {
			return
		}
	}
	t.Errorf("%d KB after 100k calls, but %d KB after %s", few, most, many)
}

// peak is the most memory that has been resident, in KB, when a trial of so
// many virtual calls has ended and before anything is drawn.
func peak(t *testing.T, calls string) (kb int) {
	t.Helper()
	dir := folder(t, fmt.Sprintf(`
targets: {a: {sim: {delay: {lognormal: {median: 10ms, p99: 40ms}}}}}
scenarios:
  - name: s
    target: a
    clock: virtual
    requests: %s
    modes: [{concurrent: 50}]
    after: "grep VmHWM /proc/$PPID/status > peak" # the shell's parent is the program
`, calls))
	p := start(t, dir, "run", "s.yaml", "--quiet")
	if end := p.wait(t); end.code != 0 {
		t.Fatalf("exit code %d\n%s", end.code, end.stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, "peak"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "VmHWM: %d kB", &kb); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return kb
}
