package exposition

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Sum is what was found of a selector, in two figures.
type Sum struct {
	Value  float64
	Series int
}

// sums are those of selectors, as they are written.
func sums(t testing.TB, text string, selectors ...string) ([]Sum, error) {
	t.Helper()
	var all []Selector
	for _, s := range selectors {
		sel, err := ParseSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sel)
	}
	return summed(text, all...)
}

func summed(text string, selectors ...Selector) (sums []Sum, err error) {
	found, err := Find([]byte(text), selectors)
	for _, f := range found {
		sums = append(sums, Sum{f.Sum, len(f.Each)})
	}
	return sums, err
}

// What an exporter of others shows is read right: the figures were added up by
// awk.
func TestTheTextOfARealExporter(t *testing.T) {
	text, err := os.ReadFile("testdata/node-exporter.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := sums(t, string(text), "node_cpu_seconds_total", `node_cpu_seconds_total{mode="idle"}`, `rate(node_cpu_seconds_total{mode="user",cpu="1"})`,
		"node_load1", "go_gc_duration_seconds", "go_threads", `promhttp_metric_handler_requests_total{code="200"}`, "node_load2")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Sum{{154907.44, 16}, {48568.09, 2}, {35055.02, 1}, {2.44, 1}, {0, 5}, {7, 1}, {0, 1}, {}} {
		if got[i].Series != want.Series || math.Abs(got[i].Value-want.Value) > 1e-6 {
			t.Errorf("%d: %+v, want %+v", i, got[i], want)
		}
	}
	if names := Names(text); len(names) != 44 || names[0] != "go_gc_duration_seconds" {
		t.Errorf("%d names: %v", len(names), names)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		text, selector string
		want           Sum
	}{
		{"a 1\na{x=\"1\"} 2\nab 4\n", "a", Sum{3, 2}},
		{"a{x=\"1\",y=\"2\"} 1 1395066363000\n", `a{y="2"}`, Sum{1, 1}},
		{"a{x=\"1\",} 1", `a{x="1"}`, Sum{1, 1}},
		{"a { x = \"1\" } 1", `a{x="1"}`, Sum{1, 1}},
		{`a{x="say \"hi\", {\\}\n"} 7`, `a{x="say \"hi\", {\\}\n"}`, Sum{7, 1}},
		{`{"my.metric",x="1"} 3`, `{"my.metric"}`, Sum{3, 1}},
		{"a 1e3\r\n\r\n# a 5\n   \na -1", "a", Sum{999, 1}},
		{"a NaN\na{x=\"1\"} 1", "a", Sum{1, 1}},
		{"a +Inf", "a", Sum{math.Inf(1), 1}},
		{"", "a", Sum{}},
		{`a_bucket{le="1"} 8 # {trace_id="a b"} 0.67`, "a_bucket", Sum{8, 1}},
		{`a_bucket{le="1",p="#"} 8 1520879607.789 # {} 0.67 1520879607.1` + "\n# EOF\n", `a_bucket{p="#"}`, Sum{8, 1}},
		{"a 1 1520879607.789", "a", Sum{1, 1}},
		{`a{x=""} 1`, `a`, Sum{1, 1}},
		{"a{x=\"\"} 1\na{x=\"1\"} 2\na 4", `a{x=""}`, Sum{5, 1}},
		{"a{x=\"1\",y=\"\"} 1\na{x=\"1\"} 2\na{y=\"2\",x=\"1\"} 4\na{x=\"1\",y=\"2\"} 8", `a{x="1"}`, Sum{15, 2}},
		{"b{x=never closed} what\na 1", "a", Sum{1, 1}}, // of what nobody asks for no more is read than the name
	} {
		got, err := sums(t, c.text, c.selector)
		if err != nil || got[0] != c.want {
			t.Errorf("%q of %q: %+v, %v, want %+v", c.selector, c.text, got, err, c.want)
		}
	}
}

func TestWhatIsNoText(t *testing.T) {
	for text, want := range map[string]string{
		"<!DOCTYPE html>\n<html>":       `line 1 is no metric: it begins with no name: "<!DOCTYPE html>"`,
		`{"status": "ok"}`:              `line 1 is no metric: a comma stands between labels: "{\"status\": \"ok\"}"`,
		"ok 1\na{x=\"1} 2":              `line 2 is no metric: a value has no closing quote: "a{x=\"1} 2"`,
		"a{x=1} 2":                      `line 1 is no metric: a value stands in double quotes: "a{x=1} 2"`,
		"a{\"y\"} 2":                    `line 1 is no metric: the label y has no value: "a{\"y\"} 2"`,
		"a{,} 2":                        `line 1 is no metric: a label has no name: "a{,} 2"`,
		"a":                             `line 1 is no metric: a number stands behind its name, and nothing else but a time: "a"`,
		"a 1 2 3":                       `line 1 is no metric: a number stands behind its name, and nothing else but a time: "a 1 2 3"`,
		"a 1 soon":                      `line 1 is no metric: its time is none: "a 1 soon"`,
		"a one":                         `line 1 is no metric: its value is no number: "a one"`,
		"\x1b[2J":                       `line 1 is no metric: it begins with no name: "\x1b[2J"`,
		"0" + strings.Repeat("1", 1000): `line 1 is no metric: it begins with no name: "0` + strings.Repeat("1", 59) + `…"`,
	} {
		if _, err := sums(t, text, "a"); err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

func TestSelectors(t *testing.T) {
	for text, want := range map[string]string{
		" a ":                        "a",
		"rate( a{y=\"2\", x=\"1\"})": `rate(a{x="1",y="2"})`,
		`{"my.metric"}`:              `{"my.metric"}`,
		`a{"my.label"="1"}`:          `a{"my.label"="1"}`,
		"a{}":                        "a",
	} {
		if s, err := ParseSelector(text); err != nil || s.String() != want {
			t.Errorf("%q: %q, %v, want %q", text, s, err, want)
		}
	}
	for text, part := range map[string]string{
		"": "names no metric", "rate(a": "closing bracket", "rate(a[1m])": "leave it out", "sum(a)": "all that can be asked for",
		"a + b": "goes on after the metric", `a{x!="1"}`: "selects no series", `a{x=~"1"}`: "selects no series", "a{x=1}": "selects no series",
	} {
		if s, err := ParseSelector(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %+v, %v, want %q", text, s, err, part)
		}
	}
}

// Whatever labels hold, what was written is what is read, and no series but its
// own answers to a selector.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zA-Z_:][a-zA-Z0-9_:]{0,8}`)
		text, want := "", map[string]Sum{}
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			s := Selector{Name: name.Draw(t, "name")}
			for i := range rapid.IntRange(0, 3).Draw(t, "labels") {
				s.Labels = append(s.Labels, Label{"l" + strconv.Itoa(i), rapid.String().Draw(t, "value")})
			}
			s.Labels = append(s.Labels, Label{"z", strconv.Itoa(len(want))}) // its own
			value := rapid.Float64().Draw(t, "figure")
			text += s.String() + " " + strconv.FormatFloat(value, 'g', -1, 64) + "\n"
			want[s.String()] = Sum{value, 1}
		}
		for selector, sum := range want {
			s, err := ParseSelector(selector)
			if err != nil || s.String() != selector {
				t.Fatalf("%q: %q, %v", selector, s, err)
			}
			got, err := summed(text, s)
			if err != nil || got[0] != sum {
				t.Fatalf("%s in\n%s%+v, %v, want %+v", selector, text, got, err, sum)
			}
		}
	})
}

func FuzzSums(f *testing.F) {
	text, err := os.ReadFile("testdata/node-exporter.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), `node_cpu_seconds_total{mode="idle"}`)
	f.Add("a{x=\"1\"} 2 3\n{\"b.c\"} NaN", `rate({"b.c"})`)
	f.Fuzz(func(t *testing.T, text, selector string) {
		s, err := ParseSelector(selector)
		if err != nil {
			return
		}
		again, err := ParseSelector(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q is %q, and that %q, %v", selector, s, again, err)
		}
		sums, err := summed(text, s, Selector{Name: s.Name})
		if err == nil && sums[0].Series > sums[1].Series {
			t.Fatalf("%+v: more series with labels than without", sums)
		}
		if names := Names([]byte(text)); err == nil && sums[1].Series > 0 && plain(s.Name) && !strings.Contains(strings.Join(names, "\n"), s.Name) {
			t.Fatalf("%s was found, and is not among %q", s.Name, names)
		}
	})
}
