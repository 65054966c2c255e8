package busy

import (
	"strings"
	"testing"
)

func TestMinute(t *testing.T) {
	for text, want := range map[string]struct {
		average float64
		told    bool
	}{
		"1.13 0.98 0.90 2/102 21968\n": {1.13, true},
		"17.4 14.4 8.9 6/133 30612\n":  {17.4, true},
		"":                             {0, false},
		"busy":                         {0, false},
	} {
		if average, told := minute(text); average != want.average || told != want.told {
			t.Errorf("%q: %v, %v", text, average, told)
		}
	}
}

// Busy is a machine that has been so for a minute, or has just become so.
func TestIdle(t *testing.T) {
	const just, never = "some avg10=97.99 avg60=10.02 avg300=1.09 total=1729\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", "some avg10=3.10 avg60=97.02 avg300=92.09 total=1729\nfull avg10=90.00 avg60=0.00 avg300=0.00 total=0\n"
	for _, c := range []struct{ loadavg, pressure, want string }{
		{"17.4 14.4 8.9 6/133 30612\n", "", ""},
		{"17.4 14.4 8.9 6/133 30612\n", never, ""},
		{"0.3 0.4 0.9 6/133 30612\n", just, ""},
		{"0.3 0.4 0.9 6/133 30612\n", "", "0.30"},
		{"0.3 0.4 0.9 6/133 30612\n", never, "3 %"},
		{"", "", ""},
	} {
		if got := idle(c.loadavg, c.pressure); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q, %q: %q, want %q", c.loadavg, c.pressure, got, c.want)
		}
	}
}
