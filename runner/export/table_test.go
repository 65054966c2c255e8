package export

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/drive"
)

// interval is one of so many successes, and of failures by class.
func interval(ok int, failures ...string) *drive.Interval {
	i := drive.NewInterval()
	for range ok {
		i.OK++
		i.Response.Record(10 * time.Millisecond)
		i.Lateness.Record(time.Microsecond)
	}
	for _, class := range failures {
		i.Errors[class] = &drive.ErrorCount{Count: 1}
	}
	return i
}

// However many scenarios, modes, steps and classes there are, so many are told apart
// and no more; the rest is counted with the others' word, and said once.
func TestLabelsAreBounded(t *testing.T) {
	said := []string{}
	table := newTable(func(text string) { said = append(said, text) })
	total := uint64(0)
	for n := range 2000 {
		of := Of{Scenario: fmt.Sprint("s", n/20), Mode: "m", Steps: []string{fmt.Sprint("a", n), fmt.Sprint("b", n)}}
		i := interval(3, fmt.Sprint("sql-", n))
		i.Rows = []*drive.Interval{interval(1), nil, interval(1)} // of a third step nobody has told
		table.take(of, i)
		total += 5
	}
	places, classes, counted := map[string]bool{}, map[string]bool{}, uint64(0)
	for _, s := range table.families()[0].series {
		place := ""
		for _, l := range s.labels {
			if l.name == "class" {
				classes[l.value] = true
			} else {
				place += l.name + l.value + "|"
			}
		}
		places[place] = true
		counted += s.count
	}
	if counted != total || len(said) != 1 {
		t.Errorf("%d calls counted, want %d; said %q", counted, total, said)
	}
	if len(places) < mostSubjects || len(places) > 2*mostSubjects+2 || len(classes) < mostClasses || len(classes) > mostClasses+2 {
		t.Errorf("%d places, %d classes", len(places), len(classes))
	}
}

// A text that stands in quotes cannot leave them.
func TestTextIsEscaped(t *testing.T) {
	table := newTable(func(string) {})
	table.take(Of{Scenario: "s", Mode: "m", Steps: []string{"a\"} 1\n\\b\xff"}}, &drive.Interval{
		Tally: drive.Tally{Errors: map[string]*drive.ErrorCount{}}, Response: interval(0).Response, Lateness: interval(0).Lateness,
		Rows: []*drive.Interval{interval(2)},
	})
	text := string(appendText(nil, table.families()))
	if want := `plimsoll_calls_total{class="ok",mode="m",scenario="s",step="a\"} 1\n\\b` + "\uFFFD" + `"} 2` + "\n"; !strings.Contains(text, want) {
		t.Errorf("there is no %s in\n%s", want, text)
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) .*|[a-z_]+\{([a-z]+="([^"\\]|\\.)*",?)*\} [0-9.e+-]+)$`)
	for l := range strings.Lines(text) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) {
			t.Errorf("no line of metrics: %q", l)
		}
	}
}

// The dashboard names no metric and no label that there is not, and all metrics.
func TestDashboardNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID, Title    string
		SchemaVersion int
		Panels        []struct {
			Type    string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || board.UID == "" || board.Title == "" || board.SchemaVersion < 36 || len(board.Panels) != 6 {
		t.Fatalf("%v, %+v", err, board)
	}
	var queries []string
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	variables := []string{"$__rate_interval"}
	for _, v := range board.Templating.List {
		queries = append(queries, v.Definition)
		variables = append(variables, "$"+v.Name)
	}
	table := newTable(func(string) {})
	i := interval(1, "timeout")
	i.Rows = []*drive.Interval{interval(1)}
	table.take(Of{Scenario: "s", Mode: "m", Steps: []string{"a"}, Real: true, Asks: true, PerS: 1}, i)
	known, labels := map[string]bool{}, []string{"le"}
	for _, f := range table.families() {
		known[f.name] = true
		for _, s := range f.series {
			for _, l := range s.labels {
				labels = append(labels, l.name)
			}
		}
	}
	asked := map[string]bool{}
	for _, q := range queries {
		for _, name := range regexp.MustCompile(`plimsoll_[a-z_]+`).FindAllString(q, -1) {
			name = strings.TrimSuffix(name, "_bucket")
			if asked[name] = true; !known[name] {
				t.Errorf("there is no metric %s: %s", name, q)
			}
		}
		for _, match := range regexp.MustCompile(`(?:[{,]\s*)([a-z_]+)\s*=~?"|by \(([a-z_, ]+)\)|label_values\([^)]*, ([a-z_]+)\)`).FindAllStringSubmatch(q, -1) {
			for name := range strings.SplitSeq(match[1]+match[2]+match[3], ", ") {
				if !slices.Contains(labels, name) {
					t.Errorf("there is no label %q: %s", name, q)
				}
			}
		}
		for _, v := range regexp.MustCompile(`\$[a-z_]+`).FindAllString(q, -1) {
			if !slices.Contains(variables, v) {
				t.Errorf("there is no variable %s: %s", v, q)
			}
		}
	}
	if len(asked) != len(known) || len(known) != 5 {
		t.Errorf("the dashboard asks for %v, there are %v", asked, known)
	}
}
