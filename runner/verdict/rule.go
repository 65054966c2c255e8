// Package verdict judges a run: thresholds kept or broken, published figures
// reproduced or not, speedups with their intervals. It reads results and
// rules only, so that the same can be judged again from the file alone.
package verdict

import "time"

// Rule is a threshold, METRIC OP VALUE, as `thresholds:` spells it.
type Rule struct {
	Text   string        // as written
	Family string        // which figure: "response", "all", "service", "lateness", "errors", "cancelled", "dropped", "rate", "makespan", "speedup" or "goodput"
	Stat   string        // of a latency family: "p", "mean", "max" or "min"
	P      float64       // of Stat "p": 0 < P ≤ 100
	Class  string        // of family "errors": one class, "" for all; "status-5xx" sums
	Within time.Duration // of family "goodput"
	Op     string        // one of < <= > >= ==
	Value  float64       // seconds, per second, a share of 1, or a bare ratio
}
