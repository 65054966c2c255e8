package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"plimsoll/runner/result"
	"plimsoll/target/broker"
)

// recipe is a scenario file, and what a comment in front of it says that comes of it.
type recipe struct {
	title, file string
	tag         string             // that the program needs to be built with; "": none
	counts      map[string]figures // by the paths of steps; "iterations" of all of them
	says        []string           // parts of what is told first
	plans       bool               // it takes minutes: says is of what is planned
}

// figures are those of a step, or of all iterations.
type figures struct {
	ok                     int64
	about                  bool // so many are to be expected, and chance decides
	errors, attempts, hops int64
}

var (
	recipePattern = regexp.MustCompile("(?ms)^<!-- (?:tags ([a-z]+), )?(counts|says|plans): ([^\n]*) -->\n\n```yaml\n(.*?)^```")
	countPattern  = regexp.MustCompile(`(?:^|, )([^,()]+?) (~?)(\d+)(?: \(([^)]*)\))?`)
	morePattern   = regexp.MustCompile(`(\d+) (errors|attempts|hops)`)
)

// counts reads `100 iterations, login 100, finished 20 (60 attempts), part ~600`.
func counts(t *testing.T, text string) map[string]figures {
	t.Helper()
	n, rest, found := strings.Cut(text, " iterations")
	if !found {
		t.Fatalf("%q does not begin with a number of iterations", text)
	}
	number := func(text string) int64 { n, _ := strconv.ParseInt(text, 10, 64); return n }
	all := map[string]figures{}
	for _, match := range countPattern.FindAllStringSubmatch("iterations "+n+rest, -1) {
		f := figures{about: match[2] != "", ok: number(match[3])}
		for _, more := range morePattern.FindAllStringSubmatch(match[4], -1) {
			*map[string]*int64{"errors": &f.errors, "attempts": &f.attempts, "hops": &f.hops}[more[2]] = number(more[1])
		}
		all[match[1]] = f
	}
	return all
}

// recipes are all scenario files of docs/journeys.md, of the pages on patterns, capacity
// and targets, and those that have what they have not.
func recipes(t *testing.T) (all []recipe) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "targets", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	installed := func(page string) bool { return filepath.Base(page) == "redis.md" } // its server; its package's tests run it
	pages = slices.DeleteFunc(pages, installed)
	for _, page := range []string{"journeys.md", "patterns.md", "capacity-planning.md", "retry-storms.md"} {
		pages = append(pages, filepath.Join(root, "docs", page))
	}
	for _, page := range pages {
		all = append(all, recipesOf(t, page)...)
	}
	files, err := filepath.Glob("testdata/journeys/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		all = append(all, recipe{title: filepath.Base(file), file: string(text), counts: counts(t, strings.TrimPrefix(first, "# counts: "))})
	}
	return all
}

// recipesOf are those of a page.
func recipesOf(t *testing.T, page string) (all []recipe) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1) {
		title, _, _ := strings.Cut(section, "\n")
		title = filepath.Base(page) + " " + strings.TrimPrefix(title, "# ")
		for _, match := range recipePattern.FindAllStringSubmatch(section, -1) {
			r := recipe{title: title, tag: match[1], file: match[4]}
			if r.plans = match[2] == "plans"; match[2] == "counts" {
				r.counts = counts(t, match[3])
			} else {
				r.says = strings.Split(match[3], "; ")
			}
			all = append(all, r)
		}
	}
	if files := len(blocks(string(text), "yaml")); len(all) != files || files == 0 {
		t.Fatalf("%s has %d YAML blocks, and says of %d what comes of them", page, files, len(all))
	}
	return all
}

// Every scenario file of docs/journeys.md, docs/patterns.md, docs/capacity-planning.md,
// docs/retry-storms.md, docs/targets and testdata/journeys runs, keeps its promises, and does each step as
// often as it says. What comes of it in simulated time is the same on every machine; what
// goes over HTTP is counted by `requests`. One that takes minutes is planned.
func TestJourneys(t *testing.T) {
	t.Parallel()
	for _, r := range recipes(t) {
		t.Run(r.title, func(t *testing.T) {
			t.Parallel()
			if r.tag == "embedded" && !broker.Embedded {
				t.Skip(broker.Absent)
			}
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "shop"), os.DirFS(filepath.Join(root, "docs", "shop"))); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(dir, os.DirFS("testdata/journeys")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "journey.yaml"), []byte(r.file), 0o666); err != nil {
				t.Fatal(err)
			}
			args := []string{"run", "journey.yaml", "--quiet", "--allow-late"}
			if r.plans {
				args = append(args, "--dry-run")
			}
			end := plimsoll(t, dir, args...)
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
				for _, trial := range latest(t, dir).Trials {
					r.compare(t, &trial)
				}
			}
		})
	}
}

// compare compares what was done with what is said of it.
func (r *recipe) compare(t *testing.T, trial *result.Trial) {
	t.Helper()
	got := map[string]figures{"iterations": {ok: trial.OK, errors: trial.Failed()}}
	for i := range trial.Steps {
		step := &trial.Steps[i]
		f := figures{ok: step.OK, errors: step.Failed(), hops: step.Hops}
		if said := r.counts[step.Path]; said.attempts > 0 || step.Kind != "" && step.Attempts != step.Started {
			f.attempts = step.Attempts
		}
		if f != (figures{}) {
			got[step.Path] = f
		}
		if step.Cancelled > 0 {
			t.Errorf("%s, %s: %d were cancelled", trial.Mode, step.Path, step.Cancelled)
		}
	}
	for path, said := range r.counts {
		f := got[path]
		if chance := 4 * math.Sqrt(float64(said.ok)); said.about && math.Abs(float64(f.ok-said.ok)) <= chance {
			f.ok, f.about = said.ok, true
			got[path] = f
		}
	}
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", r.counts); g != w {
		t.Errorf("%s: what was done is\n%s\nand it is said to be\n%s", trial.Mode, g, w)
	}
}
