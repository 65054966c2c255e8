// Package busy lets tests that a busy machine can keep from telling anything
// say so, and only there. Which tests may is a list in the root's tests.
package busy

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A machine is called busy from this load on, the average of a minute, and where for
// so many percent of the last ten seconds somebody waited for a processor: what has
// just become busy has no load yet.
const (
	load    = 1.5
	waiting = 10
)

// Skip skips a test that the machine was too busy for. Where the machine says
// that it was not, the test has failed.
func Skip(t testing.TB, why string) {
	t.Helper()
	if idle := idle(read("/proc/loadavg"), read("/proc/pressure/cpu")); idle != "" {
		t.Fatalf("%s, with %s: that is not busy", why, idle)
	}
	t.Skip(why)
}

// read is the text of a file; "": there is none.
func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// idle tells by which figures a machine was not busy; "": it was, or has none.
func idle(loadavg, pressure string) (by string) {
	average, told := minute(loadavg)
	waited, measured := tenSeconds(pressure)
	switch {
	case !told || average >= load || measured && waited >= waiting:
		return ""
	case measured:
		return fmt.Sprintf("a load average of %.2f, and somebody waiting for a processor for %.0f %% of the time", average, waited)
	}
	return fmt.Sprintf("a load average of %.2f", average)
}

// minute is the average of the last minute as the text of /proc/loadavg tells
// it; of a system without one nothing is told.
func minute(loadavg string) (average float64, told bool) {
	first, _, _ := strings.Cut(loadavg, " ")
	average, err := strconv.ParseFloat(first, 64)
	return average, err == nil
}

var some = regexp.MustCompile(`(?m)^some avg10=([0-9.]+) `)

// tenSeconds is for how much of the last ten seconds somebody waited, in percent, as
// the text of /proc/pressure/cpu tells it; of a system without one nothing is told.
func tenSeconds(pressure string) (percent float64, told bool) {
	found := some.FindStringSubmatch(pressure)
	if found == nil {
		return 0, false
	}
	percent, err := strconv.ParseFloat(found[1], 64)
	return percent, err == nil
}
