package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"plimsoll/target/http"
	"plimsoll/target/sim"
)

// FuzzParse feeds any bytes to the parser: it never panics, every problem
// lies inside the text and is shown with a caret, and what it takes for good
// is a plan that can be carried out.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/broken/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plan, problems := Parse("fuzz.yaml", text, environment, "testdata/good")
		if (plan == nil) != (len(problems) > 0) {
			t.Fatalf("there is a plan: %v, and there are %d problems", plan != nil, len(problems))
		}
		lines := yamlLines(text)
		for i, p := range problems {
			checkPlace(t, p, lines)
			if i > 0 && (p.Line < problems[i-1].Line || p.Line == problems[i-1].Line && p.Column < problems[i-1].Column) {
				t.Errorf("problem %d stands before the one above it: %v", i, problems)
			}
		}
		if plan != nil {
			checkPlan(t, plan)
		}
	})
}

var lineBreak = regexp.MustCompile("\r\n|\n|\r|\u0085|\u2028|\u2029")

// yamlLines are the lines of a text as YAML 1.1 splits them.
func yamlLines(text []byte) []string {
	lines := lineBreak.Split(strings.TrimPrefix(string(text), "\ufeff"), -1)
	if last := len(lines) - 1; last > 0 && lines[last] == "" {
		return lines[:last]
	}
	return lines
}

func checkPlace(t *testing.T, p Problem, lines []string) {
	t.Helper()
	if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
		t.Errorf("the place %d:%d lies outside of the text: %s", p.Line, p.Column, p.Text)
	}
	shown := strings.Split(p.String(), "\n")
	if len(shown) != 4 || !strings.HasPrefix(shown[0], fmt.Sprintf("fuzz.yaml:%d:%d: ", p.Line, p.Column)) || !strings.HasSuffix(shown[2], "^") {
		t.Errorf("the problem is shown as %q", shown)
	}
	if p.Text == "" {
		t.Error("the message is empty")
	}
}

// checkPlan looks whether every trial of a plan can be carried out.
func checkPlan(t *testing.T, plan *Plan) {
	t.Helper()
	trials := plan.Trials()
	if len(trials) == 0 || len(trials) > mostTrials {
		t.Fatalf("there are %d trials", len(trials))
	}
	for _, trial := range trials {
		s, m := trial.Scenario, trial.Mode
		load := m.Traits()
		staged := load.Length > 0
		ends := 0
		for _, end := range []bool{trial.Requests > 0, s.Duration > 0, s.Crawl != nil, staged} {
			if end {
				ends++
			}
		}
		switch {
		case ends != 1:
			t.Errorf("%s, %s: the trial has %d ends", s.Name, m.Name, ends)
		case s.Name == "" || m.Name == "" || s.Baseline == nil || s.Repeat < 1:
			t.Errorf("something is missing in %+v", s)
		case load.Queue > 0 && load.Concurrency <= 0:
			t.Errorf("%s: nobody takes items: %+v", m.Name, load)
		case load.Timed && load.Queue == 0 && (load.MaxInFlight <= 0 || !staged && !(load.RatePerS > 0)):
			t.Errorf("%s: %+v", m.Name, load)
		case m.Text() == "" || !trial.Batch() && !staged && !load.Timed && load.Concurrency <= 0:
			t.Errorf("%s: how many calls start at once? %s", m.Name, m.Text())
		}
	}
	for _, s := range plan.Scenarios {
		switch settings := s.Target.Settings.(type) {
		case *sim.Settings:
			if settings.Delay.Mean() < 0 {
				t.Errorf("%s: the mean delay is %v", s.Target.Name, settings.Delay.Mean())
			}
		case *http.Settings:
			if len(settings.Calls) == 0 || settings.Timeout <= 0 || len(settings.Success.Status) == 0 {
				t.Errorf("%s: %+v", s.Target.Name, settings)
			}
		case nil:
			t.Errorf("%s: the target has settings of no kind", s.Target.Name)
		}
	}
}
