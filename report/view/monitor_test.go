package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// notesWith are the notes on a scenario that have such a part.
func notesWith(v *view.View, part string) (all []string) {
	for _, n := range v.Sections[0].Notes {
		if strings.Contains(n.Text, part) {
			all = append(all, n.Text)
		}
	}
	return all
}

// What kept a monitor from seeing is told once, however many trials it was in, and
// what it takes of processors to serve 1,000 calls is the mean over the throughput.
func TestMonitorsAreTold(t *testing.T) {
	run := sample.Watched()
	again := run.Trials[0]
	again.Repeat, again.Monitor = 1, slices.Clone(again.Monitor)
	again.Monitor[0].Mean, again.Monitor[0].Max = again.Monitor[0].Mean+0.2, 2
	run.Trials = append(run.Trials, again)
	v := of(t, run)
	if got := notesWith(v, "monitor cache"); !slices.Equal(got, []string{"monitor cache: dial tcp 127.0.0.1:9121: connect: connection refused (in 2 of 2 trials)"}) {
		t.Errorf("%q", got)
	}
	var table view.Table
	for _, one := range v.Sections[0].Tables {
		if one.Title == "The other side" {
			table = one
		}
	}
	var first []string
	for _, cell := range table.Rows[0] {
		first = append(first, cell.Text)
	}
	// 0.52 and 0.72 cores, at 200 calls a second
	if got := strings.Join(first, " "); !strings.HasPrefix(got, "rate-limited-200/s server cores 0.62 2 3.10") {
		t.Errorf("%q", got)
	}
}

func TestNobodyWatchesVirtualTimeIsNoAlarm(t *testing.T) {
	run := sample.Watched()
	run.Trials[0].Monitor = []result.Series{{Name: "server", Problem: result.NoOtherSide}}
	for _, n := range of(t, run).Sections[0].Notes {
		if strings.HasPrefix(n.Text, "monitor server: left out") && n.Tone == view.Plain {
			return
		}
	}
	t.Error("it is not told, or as an alarm")
}

// A series is said to have been at its limit only where it is seen to be: it rose with
// the load, and from the edge on it did not.
func TestWhatWasAtItsLimit(t *testing.T) {
	for _, c := range []struct {
		name   string
		series result.Series
		at     func(level float64) float64
		want   []string
	}{
		{"a core", result.Series{Name: "server", Series: "cores", Unit: "cores"}, func(l float64) float64 { return min(1, l/340) },
			[]string{"at its limit there: cores of server, which stayed at 1 from 367/s on"}},
		{"a pool", result.Series{Name: "db", Series: "connections"}, func(l float64) float64 { return min(20, l/17) },
			[]string{"at its limit there: connections of db, which stayed at 20 from 367/s on"}},
		{"what goes on rising", result.Series{Name: "server", Series: "cores", Unit: "cores"}, func(l float64) float64 { return l / 1000 }, nil},
		{"what never rose", result.Series{Name: "db", Series: "connections"}, func(float64) float64 { return 20 }, nil},
		{"memory", result.Series{Name: "server", Series: "memory", Unit: "B"}, func(l float64) float64 { return min(1, l/340) }, nil},
		{"all of the machine", result.Series{Name: "server", Series: "cores", Unit: "cores"}, func(l float64) float64 { return l / 240 },
			[]string{"at 367/s all of the machine's 2 cores were taken: 1.53 by server, 0.4 by plimsoll itself"}},
	} {
		run := sample.Searched()
		for i := range run.Trials {
			t := &run.Trials[i]
			one := c.series
			one.Mean = c.at(t.RatePerS)
			one.Max, one.Points = one.Mean, [][2]float64{{5, one.Mean}}
			t.Monitor, t.MachineUse = []result.Series{one}, &result.MachineUse{CPUS: 2, WallS: 5}
		}
		v := of(t, run)
		if got := append(notesWith(v, "at its limit"), notesWith(v, "all of the machine")...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
