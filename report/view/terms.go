package view

// terms are what the words of a page mean, for who meets them there first.
func terms() []Fact {
	return []Fact{
		{"mode", "how calls were started: one after another (sequential), so many at a time (concurrent), or so many a second whatever comes back (rate-limited)."},
		{"virtual clock", "simulated time, which takes none: the same code as in real time, and the same figures on every machine."},
		{"response time", "from when a call was due to when it ended: what a user would have felt. Percentiles are of the successes."},
		{"service time", "from when it was sent to when it ended: what the target took."},
		{"held", "how long a call that was due waited because max_in_flight, or the pool of connections, was full."},
		{"lateness", "how long it waited though nothing held it: the generator's own delay. Response time is held + lateness + service time."},
		{"asked, started, ended well, failed, dropped", "calls that were due, that were sent, that succeeded, that did not, and that were left out because their time had passed."},
		{"p99", "99 % of the calls took at most that long. It is shown where there are enough calls to bound it with 95 % confidence (368; p90 takes 36, p99.9 takes 3,688)."},
		{"throughput", "successes a second of the time that was measured."},
		{"makespan", "from when a batch began to when its last call ended."},
		{"iteration, step", "one way of a user through a journey, and a call in it; elapsed is what an iteration took with its pauses, response time without."},
		{"moment", "a piece of a trial's time. What is told of it is of the calls that ended in it, and the latest is the greatest lateness of those that started in it."},
		{"in flight", "calls that had been sent and had not ended, on average over a piece of time."},
		{"speedup", "how many times as fast as the first mode; in brackets its 95 % interval, from the repetitions."},
		{"valid", "the generator kept its own schedule: where it did not, it and not the target was the limit, and the run says so first."},
	}
}
