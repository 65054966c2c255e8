package mode

import (
	"time"

	"plimsoll/target/delay"
)

// Sequential is a closed loop of one user: one call after another.
type Sequential struct{ Closed }

func (s Sequential) Text() string {
	var t text
	t.put("mode", "sequential")
	return s.rest(t)
}

func sequential() form {
	return form{
		word: "sequential", example: "{mode: sequential, think_time: 1s}", alone: true,
		keys: []key{think(), pace()}, crawls: checkUsersCrawl,
		mode: func(d Draft, _ any) Mode {
			return Sequential{Closed{Users: 1, Think: value[delay.Delay](d, "think_time"), Pace: value[time.Duration](d, "pace")}}
		},
	}
}
