package runner

import (
	"plimsoll/runner/mode"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target/random"
)

// newSchedule turns a mode into the schedule of a loop's share of it.
func newSchedule(t scenario.Trial, s mode.Share, bounds schedule.Bounds, streams random.Source) *schedule.Schedule {
	return t.Mode.Schedule(mode.Part{
		Bounds: bounds, Share: s, Batch: t.Requests, Found: t.Scenario.Crawl != nil, Pool: pool(t), Streams: streams,
		Stop: schedule.StopOn{
			FirstCompleted: t.Scenario.StopWhen == scenario.FirstCompleted,
			FirstError:     t.Scenario.StopWhen == scenario.FirstError,
			Error:          t.Scenario.StopOnError,
		},
	})
}

// pool is how many calls the target's own pool of connections has room for, 0
// for no limit, where the schedule keeps starts apart: there it holds those
// calls that the pool would, which lets them go all at once.
func pool(t scenario.Trial) int {
	traits := t.Mode.Traits()
	paced := traits.Paced || t.Scenario.Crawl != nil && traits.MaxInFlight > 0 // whose rate is a limit on starts
	if !paced || t.Scenario.Steps != nil {
		return 0
	}
	return t.Scenario.Target.Settings.Traits().Places
}
