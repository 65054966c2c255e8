package fleet

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"plimsoll/runner"
)

// late is a desk at which a share begins at a time of the coordinator's choice.
type late struct {
	single
	at    time.Time
	given []byte
}

func (l *late) Ready(context.Context, []byte) (time.Time, []byte, error) { return l.at, l.given, nil }

// Orders, starts and values that no coordinator of ours would send end a share, and
// nothing worse: it does not panic, and does not go on when it shall not.
func TestHostileOrders(t *testing.T) {
	flat := onePlan("sim: {delay: 1ms}")
	virtual, search, users := flat, flat, flat
	virtual.Text = []byte("targets:\n  t: {sim: {delay: 1ms}}\nscenarios:\n  - {name: s, target: t, clock: virtual, duration: 1s, modes: [{rate-limited: 20/s}]}\n")
	users.Text = []byte("targets:\n  t: {sim: {delay: 1ms}}\nscenarios:\n  - {name: s, target: t, duration: 200ms, modes: [{concurrent: 4}]}\n")
	search.Text = []byte("targets:\n  t: {sim: {delay: 1ms}}\nscenarios:\n  - {name: s, target: t, clock: virtual, modes: [rate-limited], capacity: {find: rate, slo: [p50 < 1s], from: 100/s, to: 1000/s, hold: 100ms}}\n")
	now := time.Now()
	for name, c := range map[string]struct {
		plan          Plan
		order         string
		share, shares int
		at            time.Time
		given         string
	}{
		"no order":                   {plan: flat, order: `[]`},
		"a trial below none":         {plan: flat, order: `{"trial":-1}`},
		"a trial beyond all":         {plan: flat, order: `{"trial":9223372036854775807}`},
		"a share of too many":        {plan: flat, share: math.MaxInt - 1, shares: math.MaxInt},
		"the first of too many":      {plan: flat, shares: math.MaxInt},
		"users of too many":          {plan: users, shares: math.MaxInt},
		"a user of too many":         {plan: users, share: math.MaxInt - 1, shares: math.MaxInt},
		"virtual, of too many":       {plan: virtual, share: math.MaxInt / 2, shares: math.MaxInt},
		"a load beyond all":          {plan: search, order: `{"load":1e308}`},
		"a load next to none":        {plan: search, order: `{"load":1e-308}`},
		"a load below none":          {plan: search, order: `{"load":-1}`},
		"a repetition beyond all":    {plan: search, order: `{"load":20,"repeat":9223372036854775807}`},
		"a load where there is none": {plan: flat, order: `{"load":1e308,"repeat":-7}`},
		"long ago":                   {plan: flat, at: time.Unix(0, 0)},
		"values of none":             {plan: flat, given: `[{"kind":200,"text":"eA=="}]`},
	} {
		t.Run(name, func(t *testing.T) {
			job, err := shares().Take(c.plan)
			if err != nil {
				t.Fatal(err)
			}
			defer job.Close()
			if c.order == "" {
				text, _ := json.Marshal(runner.Order{})
				c.order = string(text)
			}
			if c.at.IsZero() {
				c.at = now
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			end, err := job.Carry(ctx, ctx, Command{Number: 1, Share: c.share, Shares: max(1, c.shares), Order: json.RawMessage(c.order)}, &late{at: c.at, given: []byte(c.given)})
			if ctx.Err() != nil || err != nil && strings.Contains(err.Error(), "panic") {
				t.Errorf("%.200s, %v", end, err)
			}
		})
	}
}

// A load begins soon after it was ordered, or the coordinator makes no sense.
func TestStartsThatAreNone(t *testing.T) {
	const now = 1000 * time.Hour
	for at, fine := range map[time.Duration]bool{
		now + time.Second: true, now - time.Second: true, now + 51*time.Second: true,
		now + time.Hour: false, now - time.Hour: false, math.MaxInt64: false, math.MinInt64: false, 0: false,
	} {
		s := &service{Agent: Agent{Clock: stopped(now)}, task: &task{Command: Command{Number: 1}, begins: make(chan beginning, 1)}}
		body, _ := json.Marshal(begin{1, at})
		if err := s.instruct(start, body); (err == nil) != fine || len(s.task.begins) == 1 != fine {
			t.Errorf("at %v: %v, and %d begin", at, err, len(s.task.begins))
		}
	}
}
