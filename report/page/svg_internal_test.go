package page

import (
	"strings"
	"testing"

	"plimsoll/report/chart"
	"plimsoll/report/sample"
	"plimsoll/report/view"
)

// What is made of a picture has all of its texts and as many strokes, in less room,
// and no styles of its own.
func TestPicturesBecomePartOfThePage(t *testing.T) {
	v, err := view.New(sample.Frozen())
	if err != nil {
		t.Fatal(err)
	}
	charts, err := chart.Pictures(v.Sections[0], "latency", "timeline")
	if err != nil || len(charts) < 2 {
		t.Fatal(len(charts), err)
	}
	var s styles
	for _, c := range charts {
		got := s.embed(c.SVG)
		whole := string(c.SVG)
		if strings.Contains(got, "style=") || strings.Contains(got, "<?xml") || strings.Contains(got, "<!--") {
			t.Errorf("%s keeps what a file of its own needs", c.Kind)
		}
		for _, part := range []string{"<text", "</text>", "<g ", "</g>", "</svg>"} {
			if a, b := strings.Count(whole, part), strings.Count(got, part); a != b {
				t.Errorf("%s has %d of %s, had %d", c.Kind, b, part, a)
			}
		}
		moves := func(svg string) (n int) {
			for _, path := range strings.Split(svg, ` d="`)[1:] {
				d, _, _ := strings.Cut(path, `"`)
				n += strings.Count(d, "M") + strings.Count(d, "L") + strings.Count(d, "A")
			}
			return n
		}
		if a, b := moves(whole), moves(got); a != b {
			t.Errorf("%s has %d strokes, had %d", c.Kind, b, a)
		}
		if len(got)*3 > len(whole)*2 {
			t.Errorf("%s has %d bytes, had %d", c.Kind, len(got), len(whole))
		}
	}
	for _, colour := range []string{"#222222", "#FFFFFF", "#E2E2E2"} {
		if strings.Contains(s.css(), colour) {
			t.Errorf("%s stays as it is in the dark", colour)
		}
	}
}

func TestPathsToATenth(t *testing.T) {
	for path, want := range map[string]string{
		"M0,0L576.04,351.7Z":                     "M0,0L576,351.7Z",
		"M25.6,297.74A2.6,2.6 0 1 1 20.42,-0.04": "M25.6,297.7A2.6,2.6 0 1 1 20.4,-0",
		"M1e-05,2":                               "M0,2",
		"":                                       "",
		"M1.5.5":                                 "M1.5.5",
	} {
		if got := shorter(path); got != want {
			t.Errorf("%q becomes %q, want %q", path, got, want)
		}
	}
}
