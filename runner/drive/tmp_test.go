package drive_test
import ("plimsoll/runner/schedule")
func batch(n int64, users int, stop schedule.StopOn) *schedule.Schedule {
	return schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: n}, Users: users}, stop)
}
