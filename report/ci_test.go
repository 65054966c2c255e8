package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/report/sample"
)

// A summary that GitHub would refuse for its length is cut behind a whole line, and
// says so; one that there is no room for is left out.
func TestSummariesFit(t *testing.T) {
	document := []byte(strings.Repeat("a line\n", 100))
	for room := int64(-1); room <= int64(len(document))+1; room++ {
		cut := cutSummary(bytes.Clone(document), room)
		switch {
		case int64(len(cut)) > max(0, room):
			t.Fatalf("%d bytes where %d fit", len(cut), room)
		case room >= int64(len(document)) && !bytes.Equal(cut, document):
			t.Fatalf("cut to %d bytes where %d fit", len(cut), room)
		case room < int64(len(document)) && len(cut) > 0 && (!bytes.HasSuffix(cut, []byte(summaryCut)) || (len(cut)-len(summaryCut))%len("a line\n") != 0):
			t.Fatalf("cut to %q", cut)
		}
	}
	if cut := cutSummary(document, 300); len(cut) < 200 {
		t.Errorf("%d bytes of 300", len(cut))
	}
}

// What stands in the job's summary stays, and what cannot be appended is told.
func TestTheSummaryIsAppended(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(file, []byte("before\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := Options{CI: CI{Summary: file}}
	for range 2 {
		if err := Render(&out, sample.Failing(), GitHub, o); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(text), "before\n# ") || strings.Count(string(text), "\n## over-the-top\n") != 2 {
		t.Errorf("%v: %.300s", err, text)
	}
	o.CI.Summary = t.TempDir()
	if err := Render(&out, sample.Failing(), GitHub, o); err == nil || !strings.Contains(err.Error(), "the job's summary") {
		t.Errorf("error: %v", err)
	}
}
