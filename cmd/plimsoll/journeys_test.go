package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// recipe is a scenario file of docs/journeys.md, and what the page says in a
// comment in front of it that comes of it.
type recipe struct {
	title, file string
	counts      map[string]figures // by the paths of steps; "iterations" of all of them
	says        []string           // parts of what is told first
}

// figures are those of a step, or of all iterations.
type figures struct{ ok, errors, attempts int64 }

var (
	recipePattern = regexp.MustCompile("(?ms)^<!-- (counts|says): ([^\n]*) -->\n\n```yaml\n(.*?)^```")
	countPattern  = regexp.MustCompile(`^(.+?) (\d+)(?: \((?:(\d+) errors)?(?:(\d+) attempts)?\))?$`)
)

// recipes are all scenario files of the page.
func recipes(t *testing.T) (all []recipe) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "journeys.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1) {
		title, _, _ := strings.Cut(section, "\n")
		for _, match := range recipePattern.FindAllStringSubmatch(section, -1) {
			r := recipe{title: title, file: match[3]}
			if match[1] == "says" {
				r.says = strings.Split(match[2], ", ")
			} else {
				r.counts = counts(t, match[2])
			}
			all = append(all, r)
		}
	}
	if files := len(blocks(string(text), "yaml")); len(all) != files || files == 0 {
		t.Fatalf("docs/journeys.md has %d YAML blocks, and says of %d what comes of them", files, len(all))
	}
	return all
}

// counts reads `100 iterations, login 100, finished 20 (60 attempts)`.
func counts(t *testing.T, text string) map[string]figures {
	t.Helper()
	all := map[string]figures{}
	for i, part := range strings.Split(text, ", ") {
		if i == 0 {
			n, _ := strings.CutSuffix(part, " iterations")
			part = "iterations " + n
		}
		match := countPattern.FindStringSubmatch(part)
		if match == nil {
			t.Fatalf("%q is no count of docs/journeys.md", part)
		}
		number := func(k int) int64 { n, _ := strconv.ParseInt(match[k], 10, 64); return n }
		all[match[1]] = figures{number(2), number(3), number(4)}
	}
	return all
}

// Every scenario file of docs/journeys.md runs, keeps its promises, and does as
// often as the page says what it says. What comes of it in simulated time is the
// same on every machine; what goes over HTTP is counted by `requests`.
func TestJourneysOfThePage(t *testing.T) {
	t.Parallel()
	for _, r := range recipes(t) {
		t.Run(r.title, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "shop"), os.DirFS(filepath.Join(root, "docs", "shop"))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "journey.yaml"), []byte(r.file), 0o666); err != nil {
				t.Fatal(err)
			}
			end := plimsoll(t, dir, "run", "journey.yaml", "--quiet", "--allow-late", "--out", "results")
			if end.code != 0 {
				t.Fatalf("ended with %d\n%s\n%s", end.code, end.stderr, end.stdout)
			}
			told, _, _ := strings.Cut(end.stdout, "\n\n")
			for _, say := range r.says {
				if !strings.Contains(told, say) {
					t.Errorf("%q is not in\n%s", say, told)
				}
			}
			if r.counts != nil {
				r.compare(t, latest(t, dir))
			}
		})
	}
}

// compare compares every trial of a result with what the page says.
func (r *recipe) compare(t *testing.T, run *result.Run) {
	t.Helper()
	for i := range run.Trials {
		trial := &run.Trials[i]
		got := map[string]figures{"iterations": {ok: trial.OK, errors: trial.Failed()}}
		for k := range trial.Steps {
			step := &trial.Steps[k]
			f := figures{ok: step.OK, errors: step.Failed()}
			if want := r.counts[step.Path]; want.attempts > 0 {
				f.attempts = step.Attempts
			} else if step.Kind != "" && step.Attempts != step.Started {
				t.Errorf("%s, %s: %d attempts of %d calls", trial.Mode, step.Path, step.Attempts, step.Started)
			}
			if step.Cancelled > 0 {
				t.Errorf("%s, %s: %d were cancelled", trial.Mode, step.Path, step.Cancelled)
			}
			if f != (figures{}) || r.counts[step.Path] != f {
				got[step.Path] = f
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(r.counts) {
			t.Errorf("%s: what was done is\n%v\nand the page says\n%v", trial.Mode, got, r.counts)
		}
	}
}
