package runner_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// table is a fleet in this process: each agent has read the plan by itself, and all sit
// at one table, so nobody needs a network.
type table struct {
	plans []*scenario.Plan
	child func() runner.Options
	// loses, if not nil, takes an agent's pieces away from the n-th on, as if it was lost.
	loses func(share, piece int) bool
	// stops tells that the others are stopped then.
	stops bool
}

func (f *table) Size() int { return len(f.plans) }

// seat is an agent's.
type seat struct {
	*sitting
	share int
	n     int // pieces that it has handed over
	lost  bool
}

// sitting is a trial that is carried out.
type sitting struct {
	*table
	mutex   sync.Mutex
	to      runner.Gatherer
	ready   int
	begins  chan struct{} // closed: start is known
	start   runner.Start
	loading sync.WaitGroup // all shares but the first
	stop    context.CancelFunc
	wrong   error
}

func (f *table) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s := &sitting{table: f, to: to, begins: make(chan struct{}), stop: stop}
	s.loading.Add(f.Size() - 1)
	carried := make([]runner.Carried, f.Size())
	var all sync.WaitGroup
	for k := range carried {
		all.Go(func() {
			options := f.child()
			options.Plan = f.plans[k]
			at := &seat{sitting: s, share: k}
			end, err := runner.CarryShare(ctx, atOnce, options, o, mode.Share{K: k, N: f.Size()}, at)
			if k > 0 {
				s.loading.Done()
			}
			c := runner.Carried{Agent: result.Agent{Name: fmt.Sprintf("agent-%d", k)}, End: &end, Err: err}
			switch {
			case at.lost:
				c.Agent.Lost, c.End, c.Err = "nothing was heard of it for 3s", nil, nil
			case err != nil:
				c.End = nil
			}
			carried[k] = c
		})
	}
	all.Wait()
	return carried, s.wrong
}

func (s *seat) Ready(ctx context.Context, given []byte) (runner.Start, error) {
	s.mutex.Lock()
	if s.share == 0 {
		s.start.Given = given
	}
	s.ready++
	if s.ready == s.Size() {
		s.start.At = time.Now().Add(50 * time.Millisecond)
		s.to.Begins(s.start.At)
		close(s.begins)
	}
	s.mutex.Unlock()
	select {
	case <-s.begins:
		return s.start, nil
	case <-ctx.Done():
		return runner.Start{}, ctx.Err()
	}
}

func (s *seat) Take(piece []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.n++; s.lost || s.loses != nil && s.loses(s.share, s.n) {
		if s.lost = true; s.stops {
			s.stop()
		}
		return
	}
	if err := s.to.Take(s.share, piece); err != nil {
		s.wrong = errors.Join(s.wrong, err)
	}
}

func (s *seat) Over(context.Context) error {
	s.loading.Wait()
	return nil
}

// fleet has a scenario file carried out by so many agents.
func fleet(t testing.TB, text string, agents int) *table {
	t.Helper()
	f := &table{child: func() runner.Options { return runner.Options{Child: testChild(t), Output: os.Stderr, Version: "test"} }}
	for range agents {
		f.plans = append(f.plans, parse(t, text))
	}
	return f
}

// by has a run carried out by a fleet.
func by(f *table) func(*runner.Options) {
	return func(o *runner.Options) { o.Fleet = f }
}

func TestFleetTry(t *testing.T) {
	text := `
targets: {t: {sim: {delay: {exponential: 20ms}}}}
scenarios: [{name: s, target: t, duration: 10s, modes: [{rate-limited: 997/s, arrivals: poisson}, concurrent: 17]}]`
	for _, k := range []int{1, 2, 4} {
		run := carryOut(t, text, by(fleet(t, text, k)))
		for _, trial := range run.Trials {
			t.Log(k, trial.Mode, trial.Started, trial.OK, trial.Response.P50S, trial.Health, trial.Ended, trial.Reason, len(trial.Agents), trial.Engine)
		}
	}
}
