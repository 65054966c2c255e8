package text_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/report/text"
	"plimsoll/report/view"
)

// command is a workflow command, read as the runner of GitHub Actions reads it:
// ::NAME KEY=VALUE,KEY=VALUE::DATA, which has its own way of escaping.
func command(t interface{ Fatalf(string, ...any) }, line string) (name string, properties map[string]string, data string) {
	parts := regexp.MustCompile(`^::(error|warning|notice) ([^:]*)::(.*)$`).FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("no command: %q", line)
	}
	unescaped := func(s string, pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
		}
		return strings.ReplaceAll(s, "%25", "%")
	}
	properties = map[string]string{}
	for property := range strings.SplitSeq(parts[2], ",") {
		key, value, _ := strings.Cut(property, "=")
		properties[key] = unescaped(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
	}
	return parts[1], properties, unescaped(parts[3], "%0D", "\r", "%0A", "\n")
}

// Whatever stands in names and messages, each check is one command, and the runner
// reads what was said.
func TestAnnotationsAreReadAsTheyAreMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.StringOfN(rapid.SampledFrom([]rune("ab1 %:,\r\n=é✓25A0D")), 1, 12, -1)
		file := any.Draw(t, "file")
		c := view.Check{
			Group: any.Draw(t, "scenario"), Name: any.Draw(t, "promise"), Text: any.Draw(t, "text"), Line: rapid.IntRange(0, 3).Draw(t, "line"),
			Outcome: rapid.SampledFrom([]view.Outcome{view.Passed, view.Failed, view.Skipped}).Draw(t, "outcome"),
		}
		var out bytes.Buffer
		if err := text.GitHub(&out, file, []view.Check{c}, nil); err != nil {
			t.Fatal(err)
		}
		if c.Outcome == view.Passed {
			if out.Len() > 0 {
				t.Fatalf("%q", out.String())
			}
			return
		}
		line, ended := strings.CutSuffix(out.String(), "\n")
		if !ended || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("not one line: %q", out.String())
		}
		name, properties, data := command(t, line)
		want := map[view.Outcome]string{view.Failed: "error", view.Skipped: "warning"}[c.Outcome]
		// A literal %0A of a text is escaped, too: the runner undoes that last.
		if name != want || properties["title"] != c.Group+": "+c.Name || data != c.Text {
			t.Fatalf("%s %v %q\nof %+v", name, properties, data, c)
		}
		if placed := properties["file"] == file && properties["line"] != ""; placed != (c.Line > 0) {
			t.Fatalf("%v of line %d", properties, c.Line)
		}
	})
}

// Errors come before warnings, and what came of it all last; what an error has said
// is not said again.
func TestAnnotationsComeWorstFirst(t *testing.T) {
	var out bytes.Buffer
	err := text.GitHub(&out, "ci/shop.yaml", []view.Check{
		{Group: "shop", Name: "is measured", Line: 3},
		{Group: "shop", Name: "p90 < 1ms", Outcome: view.Skipped, Details: "not valid\n", Line: 8},
		{Group: "shop", Name: "p99 < 1ms", Outcome: view.Failed, Text: "p99 2 ms, 100 % above 1 ms", Details: "a note\nanother\n", Line: 7},
		{Group: "the run", Name: "ends well", Outcome: view.Failed, Text: "it ended with exit code 3"},
	}, []view.Note{{Tone: view.Bad, Text: "said"}, {Tone: view.Good, Text: "cart: p99 1 ms"}})
	want := `::error file=ci/shop.yaml,line=7,title=shop%3A p99 < 1ms::p99 2 ms, 100 %25 above 1 ms%0Aa note%0Aanother
::error title=the run%3A ends well::it ended with exit code 3
::warning file=ci/shop.yaml,line=8,title=shop%3A p90 < 1ms::not valid
::notice title=plimsoll::cart: p99 1 ms
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}
}

func TestOtavaReadsAListOfRuns(t *testing.T) {
	var out bytes.Buffer
	err := text.Otava(&out, time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC), []view.Metric{{Name: "shop/m/p99_s", Value: 0.25}}, map[string]string{"branch": "main", "commit": "abc"})
	var runs []struct {
		Timestamp float64
		Metrics   []struct {
			Name  string
			Value float64
		}
		Attributes map[string]string
	}
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &runs)
	}
	if err != nil || len(runs) != 1 || runs[0].Timestamp != 1770091506 || len(runs[0].Metrics) != 1 || runs[0].Metrics[0].Name != "shop/m/p99_s" ||
		runs[0].Metrics[0].Value != 0.25 || runs[0].Attributes["branch"] != "main" || runs[0].Attributes["commit"] != "abc" {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	if err := text.Otava(&out, time.Time{}, nil, nil); err != nil || !strings.Contains(out.String(), `"metrics": []`) {
		t.Errorf("%v: %s", err, out.String())
	}
}
