package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/mode"
	"plimsoll/runner/scenario"
)

// costly is a plan whose intervals fill some 1,000 buckets of the whole and of each of
// its four steps.
const costly = `targets: {t: {sim: {answer: {json: {n: 1}}, delay: {exponential: 10ms}}}}
scenarios:
  - name: s
    target: t
    clock: real
    duration: 6s
    modes: [{rate-limited: 1500/s, max_in_flight: 4000}]
    steps: [{name: a, get: /1}, {name: b, get: /2}, {name: c, get: /3}, {name: d, get: /4}]
`

// ofCrowd is the environment's variable by which a process is told to be agents: how
// many, and the server's URL.
const ofCrowd = "PLIMSOLL_TEST_CROWD"

// crowd has this process be agents, if it was told to, until it is interrupted.
func crowd() {
	order, given := os.LookupEnv(ofCrowd)
	if !given {
		return
	}
	number, url, _ := strings.Cut(order, " ")
	n, _ := strconv.Atoi(number)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	r, err := rehearsed(ctx)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, at := range r.at {
		fmt.Println(at)
	}
	fmt.Println("ready")
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			a := Agent{Talk: Talk{URL: url, Token: Token{token}, Program: "test"}, Work: echoing{r}, Name: fmt.Sprintf("a%04d", i), Index: i, Once: true}
			if err := a.Run(ctx); err != nil {
				fmt.Println("an agent:", err)
			}
		})
	}
	all.Wait()
	os.Exit(0)
}

// recorded is what one share has handed over, and when since it began.
type recorded struct {
	pieces [][]byte
	at     []time.Duration
	began  time.Time
	end    []byte
}

// rehearsed is what the whole of the costly plan hands over.
func rehearsed(ctx context.Context) (*recorded, error) {
	plan, problems := scenario.Parse("s.yaml", []byte(costly), func(string) (string, bool) { return "", false }, ".")
	if len(problems) > 0 {
		return nil, problems
	}
	r := &recorded{}
	end, err := runner.CarryShare(ctx, ctx, runner.Options{Plan: plan, Version: "test"}, runner.Order{}, mode.Share{N: 1}, r)
	r.end, _ = json.Marshal(end)
	return r, err
}

func (r *recorded) Ready(context.Context, []byte) (runner.Start, error) {
	r.began = time.Now()
	return runner.Start{At: r.began}, nil
}

func (r *recorded) Take(piece []byte) {
	r.pieces, r.at = append(r.pieces, piece), append(r.at, time.Since(r.began))
}

func (r *recorded) Over(context.Context) error { return nil }

// turn is how much later than the first one a share hands over, as those of package
// runner do not all at once.
func turn(share, shares int) time.Duration {
	return time.Duration(share*8/shares) * time.Second / 8
}

// echoing is work of agents who all say what one has recorded before, each piece when
// it was due: so they cost next to nothing themselves.
type echoing struct{ *recorded }

func (r echoing) Take(Plan) (Job, error) { return r, nil }

func (echoing) Close() {}

func (r echoing) Carry(ctx, atOnce context.Context, c Command, d Desk) ([]byte, error) {
	at, _, err := d.Ready(ctx, nil)
	if err != nil {
		return nil, err
	}
	for i, piece := range r.pieces {
		select {
		case <-atOnce.Done():
			return r.end, nil
		case <-time.After(time.Until(at.Add(r.at[i] + turn(c.Share, c.Shares)))):
		}
		d.Send(piece)
	}
	return r.end, nil
}
