package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"plimsoll/report"
	"plimsoll/report/sample"
)

// full is a writer that takes so many more bytes.
type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// A run that is compared with another is shown whole, below the comparison,
// and whatever cannot be written is an error.
func TestARunBelowItsComparison(t *testing.T) {
	small := sample.Odd()["one value"]
	for _, format := range []string{report.Text, report.Markdown} {
		var alone, both bytes.Buffer
		o := report.Options{Against: comparison()}
		if err := errors.Join(report.Render(&alone, small, format, report.Options{}), report.Render(&both, small, format, o)); err != nil {
			t.Fatal(err)
		}
		end := alone.String()[alone.Len()/2:]
		if at := strings.Index(both.String(), "cannot tell"); at < 0 || at > both.Len()-len(end) || !strings.HasSuffix(both.String(), end) {
			t.Errorf("%s: not the comparison and then the run, but\n%s", format, both.String())
		}
		for _, left := range []int{0, both.Len() - 1} {
			if err := report.Render(&full{left}, small, format, o); !errors.Is(err, errFull) {
				t.Errorf("%s: after %d bytes there is no more room, and the error is %v", format, left, err)
			}
		}
	}
}
