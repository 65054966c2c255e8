package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/docs/gallery"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/agenda"
	"plimsoll/target/broker"
)

// measured asks for what takes minutes: all of the gallery, for real ("1"), or
// the entries that it names. With -update their figures are put into the page.
const measured = "PLIMSOLL_GALLERY"

var galleryPage = filepath.Join(root, "docs", "gallery", "README.md")

func galleryEntries(t *testing.T) []gallery.Entry {
	t.Helper()
	entries, err := gallery.Entries()
	if err != nil || len(entries) < 20 {
		t.Fatal(len(entries), err)
	}
	return entries
}

// plan is that of an entry.
func plan(t *testing.T, e gallery.Entry) *scenario.Plan {
	t.Helper()
	dir := t.TempDir()
	if err := gallery.Unpack(dir); err != nil {
		t.Fatal(err)
	}
	plan, problems := scenario.ParseAlone(e.File, e.Text, os.LookupEnv, dir, nil)
	if len(problems) > 0 || len(plan.Warnings) > 0 {
		t.Fatalf("%s: %v\n%v", e.File, problems, plan.Warnings)
	}
	return plan
}

// Every file loads without a warning, has both its halves, one under each clock, of
// which the simulated one always promises something, and all of them take no longer than
// 100 s: what is not known beforehand, as long as the page says.
func TestGalleryFiles(t *testing.T) {
	t.Parallel()
	simulatedOnly := []string{"semaphore", "rate-limit"}
	var total time.Duration
	for i, e := range galleryEntries(t) {
		if i+1 != e.Number {
			t.Errorf("%s is entry %d", e.File, i+1)
		}
		if len(e.About()) < 20 || len(e.About()) > 120 {
			t.Errorf("%s says of itself %q", e.File, e.About())
		}
		has := map[string]bool{}
		for _, s := range plan(t, e).Scenarios {
			half, _, _ := strings.Cut(s.Name, "-")
			has[half] = true
			if simulated := s.Clock == scenario.Virtual; !slices.Contains(halves, half) || simulated != (half == "simulated") {
				t.Errorf("%s: %s has the clock %v", e.File, s.Name, s.Clock)
			}
			if half == "simulated" && len(s.Expect)+len(s.Thresholds) == 0 {
				t.Errorf("%s: %s would pass whatever came of it", e.File, s.Name)
			}
			if half == "real" && s.Expect != nil {
				t.Errorf("%s: %s expects figures of a machine", e.File, s.Name)
			}
		}
		if !has["simulated"] || has["real"] == slices.Contains(simulatedOnly, e.Name) {
			t.Errorf("%s has the halves %v", e.File, has)
		}
		unknown := 0 // times that what is not known is carried out
		for _, trial := range plan(t, e).Trials() {
			took, known := runner.Estimate(trial)
			if total = agenda.Later(total, took); !known {
				unknown = max(unknown, trial.Scenario.Repeat)
			}
		}
		total += time.Duration(unknown) * tookForReal(t, e)
	}
	if t.Logf("planned: %v", total); total < 50*time.Second || total > 100*time.Second {
		t.Errorf("all of the gallery is planned to take %v", total)
	}
}

// The page has a section for each entry, with its command, its file, and the table that
// it prints: what is simulated to the digit.
func TestGalleryPage(t *testing.T) {
	if os.Getenv(measured) == "" {
		t.Parallel()
	} else {
		pythonItself(t)
	}
	page, err := os.ReadFile(galleryPage)
	if err != nil {
		t.Fatal(err)
	}
	text, unshown := string(page), pictures(t)
	for _, e := range galleryEntries(t) {
		section, found := sectionOf(text, e)
		if command := "`plimsoll gallery " + e.Name + "`"; !found || !strings.Contains(section, command) || !strings.Contains(section, "]("+e.File+")") {
			t.Errorf("the page has no section %d with %s and a link to %s", e.Number, command, e.File)
			continue
		}
		tables := pageTables.FindAllStringSubmatch(section, -1)
		if len(tables) == 0 {
			t.Errorf("the page has no table of %s", e.Name)
			continue
		}
		run, made := carriedOut(t, e)
		for _, picture := range pagePictures.FindAllStringSubmatch(section, -1) {
			comparePicture(t, filepath.Join(made, "simulated-"+picture[2]), picture[1])
			unshown = slices.DeleteFunc(unshown, func(name string) bool { return name == picture[1] })
		}
		for _, table := range tables {
			made := "<!-- table: " + table[1] + " -->\n\n" + joined(t, run, table[1], parsed(table[2])) + "\n<!-- end -->"
			text = strings.Replace(text, table[0], made, 1)
		}
		text = put(t, text, "file: "+e.File, fenced(e))
	}
	text = put(t, text, "entries", index(text, galleryEntries(t)))
	if len(unshown) > 0 {
		t.Errorf("the page shows no %v", unshown)
	}
	if text == string(page) {
		return
	}
	if !*update {
		t.Fatalf("the page is not what the gallery has and prints; run go test ./cmd/plimsoll -run TestGalleryPage -update (with %s=1 for what is real) and look at the difference", measured)
	}
	if err := os.WriteFile(galleryPage, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

var (
	pageTables   = regexp.MustCompile(`(?s)<!-- table: ([a-z -]+) -->\n(.*?)<!-- end -->`)
	pagePictures = regexp.MustCompile(`\]\((\d\d-([a-z-]+\.svg))\)`)
)

// carriedOut is an entry's run: what is simulated, and what is real where it is
// asked for.
func carriedOut(t *testing.T, e gallery.Entry) (run *result.Run, dir string) {
	t.Helper()
	out := t.TempDir()
	args := []string{"gallery", e.Name, "--quiet", "--out", out}
	asked := strings.Split(os.Getenv(measured), ",")
	whole := *update && (asked[0] == "1" || slices.Contains(asked, e.Name)) && (broker.Embedded || !needsEmbedded(e))
	if whole {
		args = append(args, "--allow-late")
	}
	for _, s := range plan(t, e).Scenarios {
		if !whole && s.Clock == scenario.Virtual {
			args = append(args, "--only", s.Name)
		}
	}
	if end := within(args...); end.code != 0 {
		t.Fatalf("%v ended with %d\n%s\n%s", args, end.code, end.stderr, end.stdout)
	}
	run, err := result.Load(filepath.Join(out, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	return run, filepath.Join(out, "latest")
}

// largestPicture is as much as one may take of the page.
const largestPicture = 30 << 10

// pictures are the names of those that lie beside the page.
func pictures(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(galleryPage), "*.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// comparePicture compares a picture of the page with that of a run.
func comparePicture(t *testing.T, made, name string) {
	t.Helper()
	drawn, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if len(drawn) > largestPicture {
		t.Errorf("%s has %d bytes, more than %d", name, len(drawn), largestPicture)
	}
	path := filepath.Join(filepath.Dir(galleryPage), name)
	if shown, _ := os.ReadFile(path); bytes.Equal(shown, drawn) {
		return
	}
	if !*update {
		t.Errorf("%s is not what the gallery draws; run go test ./cmd/plimsoll -run TestGalleryPage -update and look at it", name)
	} else if err := os.WriteFile(path, drawn, 0o666); err != nil {
		t.Fatal(err)
	}
}

func needsEmbedded(e gallery.Entry) bool {
	return regexp.MustCompile(`\n      sql:|: \{nats:|\n    sql:`).Match(e.Text)
}

// onPage is a table as it stands on the page.
type onPage struct {
	labels []string
	cells  map[string]string // by label and title
}

func parsed(table string) onPage {
	s, titles := onPage{cells: map[string]string{}}, []string(nil)
	for line := range strings.Lines(table) {
		words := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range words {
			words[i] = strings.TrimSpace(words[i])
		}
		switch {
		case len(words) < 2 || words[0] == ":--":
		case titles == nil:
			titles = words
		default:
			s.labels = append(s.labels, words[0])
			for i := range min(len(titles), len(words)) {
				s.cells[words[0]+" | "+titles[i]] = words[i]
			}
		}
	}
	return s
}

// sources are where expected figures are from, as the files and the page's columns
// name them.
var sources = []struct{ named, column string }{{"asyncio guide", "the guide"}, {"by arithmetic", "by arithmetic"}}

// expected are the figures that are expected, and how a column of them is titled behind
// its source.
var expected = map[string]string{"makespan": " (s)", "speedup": ": speedup"}

// joined is the table of both halves: of what was not carried out now, the page's
// own figures.
func joined(t *testing.T, run *result.Run, spec string, page onPage) string {
	t.Helper()
	words := strings.Fields(spec)
	steps := slices.Contains(words, "steps")
	words = slices.DeleteFunc(words, func(w string) bool { return w == "steps" })
	labels, rows := []string(nil), map[string]map[string]part{}
	for _, half := range halves {
		names, of := rowsOf(run, half, steps)
		if rows[half] = of; len(of) == 0 {
			names = page.labels
		}
		for _, name := range names {
			if !slices.Contains(labels, name) {
				labels = append(labels, name)
			}
		}
	}
	titles, cells := []string{""}, make([][]string, len(labels))
	for i, label := range labels {
		cells[i] = []string{label}
	}
	column := func(title string, of func(label string) string) {
		titles = append(titles, title)
		for i, label := range labels {
			cells[i] = append(cells[i], cmp.Or(of(label), "–"))
		}
	}
	for _, half := range halves {
		of := rows[half]
		for _, word := range words {
			kind, only, limited := strings.Cut(word, "-of-")
			f, known := figureOf[kind]
			if !known {
				t.Fatalf("there is no figure %q of the gallery's tables", word)
			}
			if limited && only != half {
				continue
			}
			title := half + ": " + f.title
			column(title, func(label string) string {
				p, there := of[label]
				switch {
				case there:
					return f.of(p, baselineOf(of, p))
				case len(of) == 0:
					return page.cells[label+" | "+title]
				}
				return ""
			})
			behind, known := expected[kind]
			if half != "simulated" || !known {
				continue
			}
			for _, source := range sources {
				column(source.column+behind, func(label string) string { return published(of, label, kind, source.named) })
			}
		}
	}
	return markdown(titles, cells)
}

// markdown leaves columns out in which nothing stands.
func markdown(titles []string, rows [][]string) string {
	var keep []int
	for i := range titles {
		if i == 0 || slices.ContainsFunc(rows, func(row []string) bool { return row[i] != "–" }) {
			keep = append(keep, i)
		}
	}
	var text strings.Builder
	line := func(cells []string) {
		for _, i := range keep {
			text.WriteString("| " + cells[i] + " ")
		}
		text.WriteString("|\n")
	}
	line(titles)
	rule := make([]string, len(titles))
	for i := range rule {
		rule[i] = "--:"
	}
	rule[0] = ":--"
	line(rule)
	for _, row := range rows {
		line(row)
	}
	return text.String()
}

// All of the gallery runs on a machine that has nothing but Python.
func TestGalleryRuns(t *testing.T) {
	if os.Getenv(measured) == "" || *update {
		t.Skip("takes minutes: " + measured + "=1 asks for it")
	}
	pythonItself(t)
	dir, began := t.TempDir(), time.Now()
	for _, e := range galleryEntries(t) {
		since := time.Now()
		command(t, dir, "plimsoll gallery "+e.Name+" --quiet --allow-late")
		t.Logf("%s: %v", e.Name, time.Since(since).Round(10*time.Millisecond))
	}
	t.Logf("all of it: %v", time.Since(began).Round(time.Second))
}

// Without the tag embedded, what needs plimsoll's own database or broker is left out, and
// that is said; all else is carried out.
func TestGalleryWithoutEmbedded(t *testing.T) {
	t.Parallel()
	for _, e := range galleryEntries(t) {
		if !needsEmbedded(e) {
			continue
		}
		end := within("gallery", e.Name, "--quiet", "--out", t.TempDir(), "--allow-late", "--dry-run")
		said := strings.Contains(end.stderr, "left out: real-") && strings.Contains(end.stderr, "-tags embedded")
		if planned := strings.Contains(end.stdout, "real-"); end.code != 0 || said == broker.Embedded || planned != broker.Embedded || !strings.Contains(end.stdout, "real ") {
			t.Errorf("%s ended with %d\n%s\n%s", e.Name, end.code, end.stderr, end.stdout)
		}
	}
}

// Without Python, what is simulated is carried out, and it is said. (Not beside
// other tests: it changes the environment.)
func TestGalleryWithoutPython(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	end := within("gallery", "blocked-loop", "--quiet", "--out", t.TempDir())
	if end.code != 0 || !strings.Contains(end.stderr, "python3 is not installed here: only what is simulated is carried out") ||
		!strings.Contains(end.stdout, "simulated: 2 of 2 promises hold") || strings.Contains(end.stdout, "real") {
		t.Errorf("ended with %d\n%s\n%s", end.code, end.stderr, end.stdout)
	}
	for _, e := range galleryEntries(t) {
		if calls := strings.Contains(string(e.Text), "python3"); calls != (len(e.Programs()) > 0) {
			t.Errorf("%s calls Python: %v, and says that it needs %v", e.File, calls, e.Programs())
		}
	}
}
