package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/docs/gallery"
)

// headings are the titles of the page's sections, by number.
var headings = regexp.MustCompile(`(?m)^## (\d+\. (.+))$`)

// index is the list of the entries: a link to each section, and what the program says
// of it.
func index(page string, entries []gallery.Entry) string {
	var list strings.Builder
	list.WriteString("| | |\n| :-- | :-- |\n")
	found := headings.FindAllStringSubmatch(page, -1)
	for i, e := range entries {
		if i < len(found) {
			fmt.Fprintf(&list, "| [%s](#%s) | %s |\n", found[i][1], anchor(found[i][1]), e.About())
		}
	}
	return list.String()
}

// sectionOf is that of an entry.
func sectionOf(page string, e gallery.Entry) (section string, found bool) {
	_, section, found = strings.Cut(page, fmt.Sprintf("\n## %d. ", e.Number))
	section, _, _ = strings.Cut(section, "\n## ")
	return section, found
}

// tookForReal is how long the page says that the real half of an entry took, once: its
// makespans, or by the clocks of its programs and with a start of each.
func tookForReal(t *testing.T, e gallery.Entry) (all time.Duration) {
	t.Helper()
	const start = 200 * time.Millisecond
	page, err := os.ReadFile(galleryPage)
	if err != nil {
		t.Fatal(err)
	}
	section, _ := sectionOf(string(page), e)
	for _, table := range pageTables.FindAllStringSubmatch(section, -1) {
		has := parsed(table[2])
		for _, label := range has.labels {
			column, least := "real: makespan (s)", time.Duration(0)
			if len(e.Programs()) > 0 {
				column, least = "real: by Python's clock (s)", start
			}
			if seconds, err := strconv.ParseFloat(has.cells[label+" | "+column], 64); err == nil {
				all += time.Duration(seconds*float64(time.Second)) + least
			}
		}
	}
	return all
}

// anchor is what a link to a heading names, as GitHub makes it.
func anchor(heading string) string {
	plain := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(plain, " ", "-")
}

// put replaces what stands behind a mark of a text, up to the next end.
func put(t *testing.T, text, mark, made string) string {
	t.Helper()
	begin := "<!-- " + mark + " -->\n"
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, "<!-- end -->")
	if !found || !ended {
		t.Fatalf("there is no %s", begin)
	}
	return before + begin + "\n" + made + "\n<!-- end -->" + after
}

// fenced is an entry's file, as the page has it.
func fenced(e gallery.Entry) string { return "```yaml\n" + string(e.Text) + "```\n" }

// Links within the page lead to headings of it.
func TestGalleryPageLeadsSomewhere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(galleryPage)
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, heading := range headings.FindAllStringSubmatch(string(page), -1) {
		anchors[anchor(heading[1])] = true
	}
	links := regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(string(page), -1)
	if len(links) < len(anchors) {
		t.Errorf("%d links to %d sections", len(links), len(anchors))
	}
	for _, link := range links {
		if !anchors[link[1]] {
			t.Errorf("there is no section #%s", link[1])
		}
	}
}

// pythonItself puts the folder of the Python that is started first into the path: what
// stands there by its name may be a script that looks for one of several, and takes
// longer than they do.
func pythonItself(t *testing.T) {
	t.Helper()
	at, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return // what is not installed is left out, and that is said
	}
	t.Setenv("PATH", filepath.Dir(strings.TrimSpace(string(at)))+string(filepath.ListSeparator)+os.Getenv("PATH"))
}
