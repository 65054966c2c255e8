// Package busy lets tests that a busy machine can keep from telling anything
// say so, and only there. Which tests may is a list in the root's tests.
package busy

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// load is the average of a minute from which a machine is called busy.
const load = 2

// Skip skips a test that the machine was too busy for. Where the machine says
// that it was not, the test has failed.
func Skip(t testing.TB, why string) {
	t.Helper()
	text, _ := os.ReadFile("/proc/loadavg")
	if average, told := minute(string(text)); told && average < load {
		t.Fatalf("%s, with a load average of %.2f: that is not busy", why, average)
	}
	t.Skip(why)
}

// minute is the average of the last minute as the text of /proc/loadavg tells
// it; of a system without one nothing is told.
func minute(loadavg string) (average float64, told bool) {
	first, _, _ := strings.Cut(loadavg, " ")
	average, err := strconv.ParseFloat(first, 64)
	return average, err == nil
}
