package report

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page on the language lists the formats that there are, in its list of commands
// and in its table.
func TestThePageListsTheFormats(t *testing.T) {
	page, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^plimsoll report RUN .*--format (\S+),`).FindStringSubmatch(string(page))
	if found == nil || !slices.Equal(strings.Split(found[1], "|"), Formats()) {
		t.Errorf("report has --format %q, there are %q", found, Formats())
	}
	_, table, _ := strings.Cut(string(page), "| kind | what it is |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var kinds []string
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		for _, name := range regexp.MustCompile("`([a-z]+)`").FindAllStringSubmatch(cells[1], -1) {
			kinds = append(kinds, name[1])
		}
	}
	if !slices.Equal(kinds, Formats()) {
		t.Errorf("the table has %q, there are %q", kinds, Formats())
	}
}
