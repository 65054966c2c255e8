package view

import (
	"strings"

	"plimsoll/runner/result"
)

// Metric is a figure of a run under a name that is the same in every run of the
// same file, for whoever watches it over many.
type Metric struct {
	Name  string
	Value float64 // in seconds, per second, or a share of 1: the name's end says it
}

// Metrics are the figures of a run's groups, and of the steps of their iterations,
// as far as they are measurements of the target: not of trials that were broken
// off, or that the generator was late for; and no percentile that its sample does
// not bear.
func Metrics(run *result.Run) ([]Metric, error) {
	all, err := Options{}.scenarios(run)
	if err != nil {
		return nil, err
	}
	var metrics []Metric
	for _, s := range all {
		for _, g := range s.Groups {
			if g.Partial || g.late() > 0 {
				continue
			}
			name := metricPath(s.Name, g.Mode, At(g.Sweep))
			if s.Counted {
				metrics = append(metrics, Metric{name + "makespan_s", g.MakespanS})
			}
			metrics = append(metrics, Metric{name + "throughput_per_s", g.ThroughputPerS})
			metrics = append(metrics, timesMetrics(name, g.ResponseTimes(), &g.Sum)...)
			steps, err := g.Steps()
			if err != nil {
				return nil, err
			}
			for i := range steps {
				if step := &steps[i]; !step.Outside {
					metrics = append(metrics, timesMetrics(name+metricPath(step.Path), step.ResponseTimes(), &step.Sum)...)
				}
			}
		}
	}
	return metrics, nil
}

// timesMetrics are the response times and errors of calls.
func timesMetrics(name string, times result.Times, sum *result.Sum) (metrics []Metric) {
	for _, p := range []float64{50, 90, 99, 99.9} {
		if h := times.Lowest(); supports(h, p) {
			metrics = append(metrics, Metric{name + percentileName(p) + "_s", quantile(h, p)})
		}
	}
	if ended := sum.OK + sum.Failed; ended > 0 {
		metrics = append(metrics, Metric{name + "errors", float64(sum.Failed) / float64(ended)})
	}
	return metrics
}

// metricPath is names as parts of a path.
func metricPath(parts ...string) string {
	var path strings.Builder
	for _, p := range parts {
		if p = Clean(p); p != "" {
			path.WriteString(p + "/")
		}
	}
	return path.String()
}
