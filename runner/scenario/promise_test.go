package scenario

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"plimsoll/runner/journey"
	"plimsoll/target/setting"
)

// shopRows are those of a journey: two steps are called `pay`, one of them by its
// very path; three `detail`, and two have the path `log in`.
func shopRows() []journey.Row {
	return []journey.Row{
		{Name: "log in", Path: "log in", Kind: "sim", Outside: true},
		{Name: "log in", Path: "log in"},
		{Name: "pay", Path: "log in/pay", Kind: "sim"},
		{Name: "pay", Path: "pay", Kind: "sim", Records: []string{"cost", "queue_ms"}},
		{Name: "buy", Path: "buy"},
		{Name: "find", Path: "buy/find", Kind: "sim", Records: []string{"stock"}},
		{Name: "detail", Path: "buy/detail", Kind: "sim", Records: []string{"stock"}},
		{Name: "detail", Path: "browse/detail", Kind: "sim"},
		{Name: "detail", Path: "browse/again/detail", Kind: "sim"},
		{Name: "GET /products/${id}", Path: "browse/GET /products/${id}", Kind: "sim"},
	}
}

// promised are the scenarios of a file as far as promises go, which have rows.
func promised(t *testing.T, name string, rows []journey.Row) ([]*Scenario, string) {
	t.Helper()
	text, err := os.ReadFile("testdata/promises/" + name)
	if err != nil {
		t.Fatal(err)
	}
	r := setting.NewReader(environment, "testdata")
	root := r.Load(text)
	if root == nil {
		t.Fatal(r.Problems())
	}
	f, _ := fileShape().Read(r, root)
	var all []*Scenario
	for _, at := range f.scenarios {
		d := at.Value.withSearch(r, at.Pos)
		s := &Scenario{Name: d.name.Value, Duration: d.duration.Value, Rows: rows}
		d.addModes(r, s)
		if d.capacity.Given {
			d.addCapacity(r, s)
		} else {
			d.addPromises(r, s)
		}
		all = append(all, s)
	}
	return all, newProblems(name, r.Lines(), r.Problems()).Error()
}

func TestBrokenPromisesOfSteps(t *testing.T) {
	for file, rows := range map[string][]journey.Row{"broken": shopRows(), "single-calls": nil} {
		_, problems := promised(t, file+".yaml", rows)
		golden(t, "testdata/promises/"+file+".txt", problems)
	}
}

func TestPromisesOfSteps(t *testing.T) {
	scenarios, problems := promised(t, "good.yaml", shopRows())
	if problems != "" {
		t.Fatal(problems)
	}
	var text strings.Builder
	for _, s := range scenarios {
		fmt.Fprintf(&text, "%s\n", s.Name)
		for _, p := range s.Thresholds {
			fmt.Fprintf(&text, "  %q of %q, %s: %s\n", p.Mode, p.Rule.Step, p.Rule.Family, p.Rule.Text)
		}
		if s.Capacity != nil {
			for _, p := range s.Capacity.SLO {
				fmt.Fprintf(&text, "  of %q, %s: %s\n", p.Step, p.Metric, p.Rule)
			}
		}
	}
	golden(t, "testdata/promises/good.txt", text.String())
}

// Where steps could not be read, nobody can say that there is none of some name.
func TestStepsThatCouldNotBeReadAreNotMissed(t *testing.T) {
	_, problems := promised(t, "good.yaml", []journey.Row{})
	if problems != "" {
		t.Error(problems)
	}
}

// The schema takes what the parser takes.
func TestSchemaTakesPromisesOfSteps(t *testing.T) {
	text, err := os.ReadFile("testdata/promises/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := resolvedSchema(t).Validate(jsonValue(t, text)); err != nil {
		t.Error(err)
	}
}
