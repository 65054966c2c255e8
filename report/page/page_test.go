package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"plimsoll/report/page"
	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// samples are runs of every kind.
func samples() map[string]*result.Run {
	all := map[string]*result.Run{
		"published": sample.Published(), "frozen": sample.Frozen(), "failing": sample.Failing(), "wide": sample.Wide(),
		"rates": sample.Rates(), "interrupted": sample.Interrupted(), "callers": sample.Callers(), "searched": sample.Searched(),
		"generator": sample.GeneratorLimited(), "journey": sample.Journey(), "streams": sample.Streams(), "noisy": sample.Noisy(),
		"completions": sample.Completions(), "bars": sample.Bars(), "watched": sample.Watched(), "queue": sample.Queue(), "crawl": sample.Crawl(), "fleet": sample.Fleet(),
		"empty": {Format: result.Format, File: result.File{Name: "empty.yaml"}, Exit: result.UnderWay},
	}
	for name, run := range sample.Odd() {
		if name != "unreadable" { // has no view
			all["odd "+name] = run
		}
	}
	return all
}

func written(t *testing.T, run *result.Run, against view.Against) string {
	t.Helper()
	p, err := view.Options{}.Page(run, against)
	if err != nil {
		t.Fatal(err)
	}
	return printed(t, p)
}

func printed(t *testing.T, p *view.Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := page.Write(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// walk calls f for every node of a page, as a browser understands it.
func walk(t *testing.T, text string, f func(*html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		f(n)
	}
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// Whatever kind of run it is of, a page says all that its view says, and points to
// nothing outside of it.
func TestEveryKindOfRunHasAPage(t *testing.T) {
	for name, run := range samples() {
		t.Run(name, func(t *testing.T) {
			p, err := view.Options{}.Page(run, view.Against{})
			if err != nil {
				t.Fatal(err)
			}
			ids, labels := map[string]int{}, []string{}
			var shown strings.Builder
			walk(t, printed(t, p), func(n *html.Node) {
				if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
					shown.WriteString(n.Data + "\n")
				}
				if id, has := attribute(n, "id"); has {
					ids[id]++
				}
				if label, has := attribute(n, "aria-labelledby"); has {
					labels = append(labels, label)
				}
				if href, has := attribute(n, "href"); has && !strings.HasPrefix(href, "#") {
					t.Errorf("it leads to %s", href)
				}
				if _, has := attribute(n, "src"); has {
					t.Errorf("a %s is loaded from somewhere", n.Data)
				}
				if before := n.PrevSibling; n.Data == "sup" && before != nil && before.Data == "sup" && !strings.HasPrefix(n.FirstChild.Data, ", ") {
					t.Errorf("the marks %s and %s read as one number", before.FirstChild.Data, n.FirstChild.Data)
				}
			})
			for id, n := range ids {
				if n > 1 {
					t.Errorf("%d elements are named %s", n, id)
				}
			}
			for _, label := range labels {
				if ids[label] == 0 {
					t.Errorf("nothing is named %s", label)
				}
			}
			for _, text := range said(p) {
				if !strings.Contains(shown.String(), text) {
					t.Errorf("it does not say %q", text)
				}
			}
		})
	}
}

// Each table that is printed to a terminal has its place in the page, whose tables of
// steps are by mode.
func TestAPageHasAllTables(t *testing.T) {
	for name, run := range samples() {
		v, err := view.Options{Completions: true, Phases: true, Slowest: true}.View(run)
		if err != nil {
			t.Fatal(err)
		}
		p, err := view.Options{}.Page(run, view.Against{})
		if err != nil {
			t.Fatal(err)
		}
		for i, sec := range v.Sections {
			var there []string
			for _, c := range p.Sections[i].Chapters {
				for _, table := range c.Tables {
					there = append(there, table.Title)
				}
			}
			for _, table := range sec.Tables {
				if !slices.ContainsFunc(there, func(title string) bool { return title == table.Title || strings.HasPrefix(title, table.Title+", ") }) {
					t.Errorf("%s: %s has no table %q, it has %q", name, sec.Title, table.Title, there)
				}
			}
		}
	}
}

// said are the texts of a page's view.
func said(p *view.Page) (all []string) {
	for _, n := range slices.Concat(p.Answer, p.Notes) {
		all = append(all, n.Text)
	}
	for _, sec := range p.Sections {
		all = append(all, sec.Title)
		for _, n := range sec.Notes {
			all = append(all, n.Text)
		}
		for _, c := range sec.Chapters {
			for _, t := range c.Tables {
				for _, row := range t.Rows {
					for _, cell := range row {
						all = append(all, cell.Text)
					}
				}
				all = append(all, t.Notes...)
				all = append(all, t.Remarks...)
			}
		}
	}
	return all
}

// Nothing that came from elsewhere is ever markup: each text of a view, made hostile,
// comes out as it is, and the page has the elements that it would have without.
func TestEveryHoleEscapes(t *testing.T) {
	for name, run := range samples() {
		t.Run(name, func(t *testing.T) {
			p, err := view.Options{}.Page(run, view.Against{Base: run})
			if err != nil {
				t.Fatal(err)
			}
			plain := elements(t, printed(t, p))
			const evil = `</script></style></svg></table><script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;<!--]]>`
			holes := poison(reflect.ValueOf(p), evil)
			text := printed(t, p)
			if got := elements(t, text); !maps.Equal(got, plain) {
				t.Errorf("elements became %v, were %v", got, plain)
			}
			walk(t, text, func(n *html.Node) {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") {
						t.Errorf("a %s has %s", n.Data, a.Key)
					}
				}
			})
			if holes < 10 && len(run.Trials) > 0 {
				t.Errorf("only %d texts were there to be poisoned", holes)
			}
		})
	}
}

// elements counts a page's elements by their names.
func elements(t *testing.T, text string) map[string]int {
	count := map[string]int{}
	walk(t, text, func(n *html.Node) {
		if n.Type == html.ElementNode {
			count[n.Data]++
		}
	})
	return count
}

// poison adds a text to every text of a page's, but those that name pictures and
// axes, and what the pictures are drawn of.
func poison(v reflect.Value, evil string) (holes int) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*view.Scenario]() {
			holes += poison(v.Elem(), evil)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Kind" && f.Name != "Axis" && f.Name != "Group" {
				holes += poison(v.Field(i), evil)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			holes += poison(v.Index(i), evil)
		}
	case reflect.String:
		if v.String() != "" {
			v.SetString(v.String() + evil)
			holes++
		}
	}
	return holes
}

// The policy lets only the two scripts run that are there, and these are what was
// published and ours.
func TestThePolicyNamesTheScripts(t *testing.T) {
	policy, scripts := "", 0
	walk(t, written(t, sample.Frozen(), view.Against{}), func(n *html.Node) {
		if content, has := attribute(n, "content"); has && strings.Contains(content, "default-src") {
			policy = content
		}
		if n.Data != "script" || n.Type != html.ElementNode {
			return
		}
		scripts++
		sum := sha256.Sum256([]byte(textOf(n)))
		if !strings.Contains(policy, fmt.Sprintf("'sha256-%s'", base64Of(sum[:]))) {
			t.Errorf("the policy %q does not name script %d", policy, scripts)
		}
	})
	if scripts != 2 || !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "script-src 'unsafe") {
		t.Errorf("%d scripts, policy %q", scripts, policy)
	}
	library, err := os.ReadFile("uplot/uPlot.iife.min.js")
	if err != nil {
		t.Fatal(err)
	}
	const published = "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f" // npm's uplot 1.6.32
	if sum := sha256.Sum256(library); hex.EncodeToString(sum[:]) != published {
		t.Errorf("the library is not the one that was published: %x", sum)
	}
}

// A thousand steps over twenty minutes are below a megabyte: each has its row and its
// curve, the ten worst their windows.
func TestAThousandStepsFit(t *testing.T) {
	run := sample.Steps(1000)
	text := written(t, run, view.Against{})
	if len(text) > 1<<20 {
		t.Errorf("%d bytes", len(text))
	}
	rows, courses := 0, 0
	walk(t, text, func(n *html.Node) {
		if points, has := attribute(n, "data-q"); has && n.Data == "tr" {
			rows++
			if got := len(strings.Fields(points)); got == 0 || got > view.CurvePoints {
				t.Errorf("a curve of %d points", got)
			}
		}
		if windows, has := attribute(n, "data-w"); has {
			courses++
			if got := strings.Count(windows, ",") + 1; got > 121 {
				t.Errorf("a course of %d windows", got)
			}
		}
	})
	if steps := len(run.Trials[0].Steps); rows != steps+1 || courses != 11 {
		t.Errorf("%d rows and %d courses", rows, courses)
	}
	t.Logf("%d bytes", len(text))
}

// While the server is frozen nothing ends, and what was stuck ends at its end: in the
// numbers over time and in the heat map alike, at that very time.
func TestAFreezeIsSeenWhenItWas(t *testing.T) {
	const perS, length = 200.0, 20 * time.Second
	run := sample.Freeze(perS, length, 2*time.Second, time.Second)
	p, err := view.Options{}.Page(run, view.Against{})
	if err != nil {
		t.Fatal(err)
	}
	heats, courses := 0, 0
	for _, c := range p.Sections[0].Chapters {
		for _, plot := range c.Plots {
			if plot.Heat != nil {
				heats++
				heatFrozen(t, plot.Heat)
			}
			for i, s := range plot.Numbers.Columns {
				if s.Name == "ended well" {
					courses++
					courseFrozen(t, plot.Numbers, i+1)
				}
			}
		}
	}
	if heats != 1 || courses != 1 {
		t.Errorf("%d heat maps and %d courses", heats, courses)
	}
}

func heatFrozen(t *testing.T, h *view.Heat) {
	for i, cells := range h.Calls {
		calls := int64(0)
		for _, n := range cells {
			calls += n
		}
		from, until := h.TimesS[i], h.TimesS[i+1]
		inside := from >= 2.01 && until <= 3
		outside := until <= 2 || from >= 3.2 && until <= 20
		if inside && calls > 0 || outside && calls == 0 {
			t.Errorf("%d calls ended from %g to %g s", calls, from, until)
		}
	}
}

func courseFrozen(t *testing.T, n view.Numbers, column int) {
	for i, row := range n.Rows[:len(n.Rows)-1] {
		from, until := number(t, row[0]), number(t, n.Rows[i+1][0])
		rate := number(t, row[column])
		if from >= 2.01 && until <= 3 && rate > 0 || until <= 2 && rate == 0 {
			t.Errorf("%g ended a second from %g to %g s", rate, from, until)
		}
	}
}

// Two runs are in each chart, in pictures and in numbers.
func TestTheBaseIsBeside(t *testing.T) {
	bases, drawn := 0, 0
	walk(t, written(t, sample.SlowJourney(), view.Against{Base: sample.Journey()}), func(n *html.Node) {
		if _, has := attribute(n, "data-base"); has {
			bases++
		}
		if n.Data == "svg" && strings.Contains(textOf(n), "base") {
			drawn++
		}
	})
	if bases < 6 {
		t.Errorf("%d columns are the base's", bases)
	}
	if drawn != 2 {
		t.Errorf("%d pictures have the base, want the curves and the course", drawn)
	}
}

// What people read, as text.
func TestWhatPagesSay(t *testing.T) {
	runs := samples()
	for _, name := range []string{"frozen", "failing", "journey", "searched", "interrupted"} {
		var b strings.Builder
		walk(t, written(t, runs[name], view.Against{}), func(n *html.Node) {
			switch {
			case n.Type != html.ElementNode:
			case n.Data == "svg":
				b.WriteString("[picture]\n")
			case slices.Contains([]string{"h1", "h2", "h3", "h4", "p", "li", "figcaption", "summary", "dt", "dd", "tr"}, n.Data) && !numbers(n):
				var parts []string
				if n.Data == "tr" {
					for c := range n.ChildNodes() {
						parts = append(parts, textOf(c))
					}
				} else {
					parts = []string{textOf(n)}
				}
				b.WriteString(strings.Repeat("#", len(n.Data)*btoi(n.Data[0] == 'h')) + strings.Join(parts, " | ") + "\n")
			}
		})
		golden(t, name+".txt", b.String())
	}
}

// numbers tells whether a row is of a chart's numbers.
func numbers(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if class, _ := attribute(p, "class"); class == "numbers" {
			return true
		}
	}
	return false
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was (-update writes it anew):\n%s", name, got)
	}
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
