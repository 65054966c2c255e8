package scenario

import (
	"plimsoll/runner/result"
	"plimsoll/target/setting"
)

// compareDraft are the tolerances as they were written. That of the error
// share is in percentage points.
type compareDraft struct {
	all, makespan, rate, p50, p99, errors setting.At[float64]
}

func compareShape() setting.Shape[compareDraft] {
	share := setting.Located(setting.Percent())
	return setting.Object("compare",
		setting.Key("tolerance", "How much a metric may change and still count as unchanged. Default 5%.", share, func(c *compareDraft) *setting.At[float64] { return &c.all }),
		setting.Key("makespan", "That of the makespan, where trials have `requests`.", share, func(c *compareDraft) *setting.At[float64] { return &c.makespan }),
		setting.Key("rate", "That of the throughput, where they have none.", share, func(c *compareDraft) *setting.At[float64] { return &c.rate }),
		setting.Key("p50", "That of the median response time.", share, func(c *compareDraft) *setting.At[float64] { return &c.p50 }),
		setting.Key("p99", "That of the 99th percentile of the response time.", share, func(c *compareDraft) *setting.At[float64] { return &c.p99 }),
		setting.Key("errors", "That of the share of errors, in percentage points. Default 0.1%.", setting.Located(setting.Share()), func(c *compareDraft) *setting.At[float64] { return &c.errors }),
	)
}

// addTolerances takes the tolerances over into the plan.
func (d draft) addTolerances(r *setting.Reader, s *Scenario) {
	c := d.compare.Value
	if c.makespan.Given && d.length().Given {
		r.Problem(c.makespan.Pos, "without `requests` the makespan is the duration of the trial: write `rate`")
	}
	if c.rate.Given && d.requests.Given {
		r.Problem(c.rate.Pos, "a number of requests is compared by how long it takes: write `makespan`")
	}
	for _, t := range []struct {
		metric string
		value  setting.At[float64]
	}{{"", c.all}, {"makespan", c.makespan}, {"rate", c.rate}, {"p50", c.p50}, {"p99", c.p99}, {"errors", c.errors}} {
		if t.value.Valid {
			s.Tolerances = append(s.Tolerances, result.Tolerance{Scenario: s.Name, Metric: t.metric, Value: t.value.Value})
		}
	}
}
