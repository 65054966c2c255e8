package mode

import (
	"fmt"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// mostInFlight bounds calls in flight, virtual users, and calls of a window.
const mostInFlight = 10_000_000

// Closed is a closed loop of virtual users; without Users and Stages there are
// as many as calls, so that all start at once.
type Closed struct {
	Users int
	// The first of the Stages goes from Start to its target.
	Start  int
	Stages []Stage[int]
	// Think is a user's pause between its calls, Pace the least time from one to
	// the next; 0: none.
	Think delay.Delay
	Pace  time.Duration
}

func (c Closed) Schedule(p Part) *schedule.Schedule {
	closed := schedule.Closed{Bounds: p.Bounds, Users: p.Share.Of(c.users(p.Batch)), Pace: c.Pace}
	for _, s := range c.Stages {
		closed.Stages = append(closed.Stages, schedule.UserStage(s))
	}
	if !c.Think.IsZero() {
		rng := p.Streams(p.Share.Name("think"))
		closed.Think = func() time.Duration { return c.Think.Draw(rng) }
	}
	if p.Found {
		return schedule.NewFound(schedule.Found{Users: c.Users, Think: closed.Think}, p.Stop)
	}
	return schedule.NewClosed(closed, p.Stop)
}

// users is how many there are at the beginning.
func (c Closed) users(requests int) int {
	switch {
	case len(c.Stages) > 0:
		return c.Start
	case c.Users > 0:
		return c.Users
	}
	return requests
}

func (c Closed) Busy(requests int) int {
	if c.Think.Mean() > 0 || c.Pace > 0 {
		return 0
	}
	most := max(1, c.users(requests))
	for _, s := range c.Stages {
		most = max(most, s.Target)
	}
	if requests > 0 {
		most = min(most, requests)
	}
	return most
}

func (c Closed) Lasts(requests int, call time.Duration) time.Duration {
	round := max(float64(call)+float64(c.Think.Mean()), float64(c.Pace))
	return nanoseconds(rounds(requests, c.users(requests)) * round)
}

func (c Closed) Text() string {
	var t text
	if c.Users == 0 && c.Stages == nil {
		t.put("concurrent", "all at once")
	} else {
		t.put("concurrent", c.users(0))
	}
	return c.rest(t)
}

func (c Closed) rest(t text) string {
	t.put("stages", line(c.Start, c.Stages, func(users int) string { return fmt.Sprint(users) }))
	t.put("think_time", thinking(c.Think))
	if c.Pace > 0 {
		t.put("pace", quantity.Duration(c.Pace))
	}
	return t.String()
}

func (c Closed) Traits() Traits {
	t := Traits{Length: length(c.Stages), Concurrency: c.Users, Users: c.Users}
	for _, s := range c.Stages {
		t.Users = max(t.Users, c.Start, s.Target)
	}
	if c.Stages != nil {
		t.Undivided = "stages"
		return t
	}
	t.Loops, t.MostLoops = c.Users/usersPerLoop, c.Users
	return t
}

// At is the loop of so many users.
func (c Closed) At(load float64) Mode {
	c.Users = int(load)
	return c
}

func concurrent() form {
	return form{
		word: "concurrent", example: "concurrent: 10", alone: true, finds: "concurrency",
		doc:  "A closed loop with at most this many calls in flight; a list is a sweep.",
		load: untyped(setting.Count(1, mostInFlight)),
		parse: func(text string) (any, float64, error) {
			users, err := parseUsers(text)
			return users, float64(users), err
		},
		keys:    []key{think(), pace(), stages(), start()},
		mode:    closed,
		check:   checkConcurrent,
		crawls:  checkUsersCrawl,
		batch:   checkAllAtOnce,
		untimed: "concurrent without a number starts all `requests` at once, which needs a number of them: write `concurrent: N`, or give requests instead of duration",
	}
}

// checkUsersCrawl reports what users who visit pages have none of.
func checkUsersCrawl(r *setting.Reader, d Draft) {
	if at := d.at("pace"); at.Given {
		r.Problem(at.Pos, "pace counts from when calls are due, and a page is due when it is found: write think_time, or a rate-limited mode")
	}
	if at := d.at("stages"); at.Given {
		r.Problem(at.Pos, "a crawl takes as long as there are pages, and stages as long as they say: write one number")
	}
}

func think() key {
	return keyed("think_time", "How long a virtual user pauses between its calls: a duration, or a distribution.", delay.Shape())
}

func pace() key {
	return keyed("pace", "The least time from one call of a virtual user to its next, counted from when each was due; one that takes longer is followed at once.", setting.LongerThanZero())
}

func closed(d Draft, load any) Mode {
	c := Closed{Think: value[delay.Delay](d, "think_time"), Pace: value[time.Duration](d, "pace")}
	if load == nil {
		c.Start, c.Stages = way(d, parseUsers, ignore)
	} else {
		c.Users = load.(int)
	}
	return c
}

// parseUsers reads a number of virtual users, of which there may be none.
func parseUsers(text string) (int, error) {
	n, err := quantity.ParseCount(text)
	if err != nil || n > mostInFlight {
		return 0, fmt.Errorf("%q is no number of virtual users: write a whole number from 0 to 10M", text)
	}
	return int(n), nil
}

func checkConcurrent(r *setting.Reader, _ setting.Pos, d Draft) {
	for _, key := range []string{"think_time", "pace"} {
		if at := d.at(key); at.Given && d.allAtOnce() {
			r.Problem(at.Pos, "all calls start at once, so there is nobody to pause between them: write `concurrent: N`, or leave %s out", key)
		}
	}
	checkStages(r, d, "concurrent", parseUsers)
}

// allAtOnce tells whether a concurrent mode has neither a number nor stages.
func (d Draft) allAtOnce() bool { return !d.at("concurrent").Given && !d.at("stages").Given }

func checkAllAtOnce(r *setting.Reader, d Draft, requests setting.At[int]) {
	if d.allAtOnce() && requests.Value > mostInFlight {
		r.Problem(requests.Pos, "%s would start that many calls at once, and 10M are the limit: write `concurrent: N`", d.Name())
	}
}
