package sample_test

import (
	"fmt"
	"math"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/runner/result"
	"plimsoll/runner/scaling"
)

// The samples' laws are what is fitted to their trials.
func TestLawsAreFitted(t *testing.T) {
	for name, run := range map[string]*result.Run{"published": sample.Published(), "callers": sample.Callers()} {
		laws, err := scaling.Of(run)
		if err != nil {
			t.Fatal(err)
		}
		if len(laws) != len(run.Scaling) {
			t.Fatalf("%s: fitted are %+v", name, laws)
		}
		for i := range laws {
			if got, want := describe(laws[i]), describe(run.Scaling[i]); got != want {
				t.Errorf("%s: the sample says\n%s\nfitted is\n%s", name, want, got)
			}
		}
	}
}

// The samples of queues and of crawls could be results.
func TestSamplesKeepTheLawsOfResults(t *testing.T) {
	for name, run := range map[string]*result.Run{"queue": sample.Queue(), "crawl": sample.Crawl()} {
		if err := run.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// describe is a law with its peak, to six digits.
func describe(law result.Scaling) string {
	peak := result.Value{}
	if law.Peak != nil {
		peak, law.Peak = *law.Peak, nil
	}
	law.Off = math.Round(law.Off*1e6) / 1e6
	return fmt.Sprintf("%.6v %.6v", law, peak)
}
