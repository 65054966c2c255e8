package verdict

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

func TestRulesOnMonitors(t *testing.T) {
	for text, want := range map[string]Rule{
		"monitor.server.cores < 2":                                {Monitor: "server", Series: "cores", Stat: "mean", Value: 2},
		"monitor.server.cores.max<1.5":                            {Monitor: "server", Series: "cores", Stat: "max", Value: 1.5, Op: "<"},
		"monitor.server.memory.mean <= 500MB":                     {Monitor: "server", Series: "memory", Stat: "mean", Value: 5e8, Unit: "B"},
		"monitor.server.sent < 10MB/s":                            {Monitor: "server", Series: "sent", Stat: "mean", Value: 1e7, Unit: "B/s"},
		"monitor.db.rate(pg_xact_commit) > 100/s":                 {Monitor: "db", Series: "rate(pg_xact_commit)", Stat: "mean", Value: 100, Unit: "/s"},
		"monitor.db.rate(pg_xact_commit) > 6/min":                 {Monitor: "db", Series: "rate(pg_xact_commit)", Stat: "mean"},
		`monitor.db.activity{state="active", db="a<b)}"}.max < 5`: {Monitor: "db", Series: `activity{db="a<b)}",state="active"}`, Stat: "max", Value: 5},
		"monitor.probe.queue/in.depth < 5":                        {Monitor: "probe", Series: "queue/in.depth", Stat: "mean", Value: 5},
	} {
		rule, err := ParseRule(text)
		if want.Value == 0 {
			if err == nil {
				t.Errorf("%s: %+v", text, rule)
			}
			continue
		}
		want.Family, want.Text = Monitored, rule.Text
		want.Op = rule.Op
		if err != nil || rule != want {
			t.Errorf("%s: %+v, %v", text, rule, err)
		}
	}
	for text, part := range map[string]string{
		"monitor < 2": "does not say which series", "monitor.server < 2": "does not say which series", "monitor.server.max < 2": "does not say which series",
		"monitor..cores < 2": "does not say which series", "monitor.server.cores < lots": "is no value of a series", "monitor.server.cores < -1": "is no value of a series",
		"monitor.server.memory < 5XB": "is no value of a series",
	} {
		if rule, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %+v, %v, want %q", text, rule, err, part)
		}
	}
}

func TestUnitsOfMonitors(t *testing.T) {
	for text, fits := range map[string]string{
		"monitor.s.cores < 2": "", "monitor.s.memory < 5MB": "B", "monitor.s.sent < 5MB/s": "B/s",
	} {
		rule, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"", "B", "B/s"} {
			if problem := rule.Fits(unit, true); (problem == "") != (unit == fits) {
				t.Errorf("%s in %q: %q", text, unit, problem)
			}
			if problem := rule.Fits(unit, false); problem != "" {
				t.Errorf("%s where no unit is known: %s", text, problem)
			}
		}
	}
}

// Promises on either side of what monitors saw: of repetitions the mean over their
// time, the highest of all. What nobody saw keeps no promise.
func TestPromisesOnMonitors(t *testing.T) {
	one := trial{mode: "sequential", makespan: time.Second, ok: times(50, ms)}
	two := one
	two.repeat, two.makespan = 1, 3*time.Second
	run := runOf(t, one, two)
	seen := func(mean, most float64) result.Series {
		return result.Series{Name: "server", Series: "cores", Unit: "cores", Mean: mean, Max: most, Points: [][2]float64{{1, mean}}}
	}
	run.Trials[0].Monitor = []result.Series{seen(1, 2), {Name: "db", Problem: "connection refused"}}
	run.Trials[1].Monitor = []result.Series{seen(2, 2.5), {Name: "db", Problem: "connection refused"}}
	for text, want := range map[string]struct {
		measured float64
		pass     bool
		reason   string
	}{
		"monitor.server.cores < 1.8":       {1.75, true, ""},
		"monitor.server.cores < 1.75":      {1.75, false, ""},
		"monitor.server.cores <= 1.75":     {1.75, true, ""},
		"monitor.server.cores.max < 2.6":   {2.5, true, ""},
		"monitor.server.cores.max < 2.4":   {2.5, false, ""},
		"monitor.server.memory < 1GB":      {0, false, "the monitor saw no series memory, only cores"},
		"monitor.db.connections < 100":     {0, false, "the monitor saw nothing of it: connection refused"},
		"monitor.nobody.connections < 100": {0, false, "no monitor watched it"},
	} {
		if v := verdictOn(t, run, text); v.Pass != want.pass || v.Measured != want.measured || v.Reason != want.reason {
			t.Errorf("%s: %+v, want %+v", text, v, want)
		}
	}
}

// What stands in brackets is part of the metric, and quotes in braces close none.
func TestCut(t *testing.T) {
	for text, want := range map[string][3]string{
		"p99 < 200ms":                        {"p99", "<", "200ms"},
		"goodput(gap < 5ms, p99 < 1s) > 3/s": {"goodput(gap < 5ms, p99 < 1s)", ">", "3/s"},
		`monitor.a.b{x="<}\"="} >= 3`:        {`monitor.a.b{x="<}\"="}`, ">=", "3"},
		"goodput(200ms > 3/s":                {"goodput(200ms", ">", "3/s"},
		"a{ < 3":                             {"a{", "<", "3"},
		"rate(a{x=\")\"}) == 4":              {"rate(a{x=\")\"})", "==", "4"},
	} {
		metric, op, value, found := Cut(text)
		if !found || [3]string{metric, op, value} != want {
			t.Errorf("%s: %q %q %q %v", text, metric, op, value, found)
		}
	}
}
