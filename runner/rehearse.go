package runner

import (
	"bytes"
	"time"

	"plimsoll/runner/data"
	"plimsoll/runner/journey"
	"plimsoll/runner/scenario"
	"plimsoll/target/value"
)

// Rehearse tells what an iteration of a scenario's steps does, and sends nothing:
// with its values as far as they are known beforehand, the first ones of its
// first trial, and ${name} where only an answer could tell.
func Rehearse(o Options, s *scenario.Scenario, on Onlooker) error {
	r := &underWay{Options: o}
	t, err := first(o.Plan, s)
	if err != nil {
		return err
	}
	j := r.journeying(t, s.Steps.Main)
	j.world.Watch, j.world.Date = rehearsing{on}, epoch.Add
	if s.Clock == scenario.Real {
		j.world.Date = time.Now().Add
	}
	row := func(source int, iteration uint64) journey.Held {
		from := &j.sources[source]
		n, _, _ := from.Dealer.Deal(data.Turn{Iteration: iteration})
		return from.Row(n)
	}
	for _, part := range []struct {
		name, draws string
		program     *journey.Program
	}{{setup, setup, s.Steps.Setup}, {iteration, ofIterations, s.Steps.Main}, {teardown, teardown, s.Steps.Teardown}} {
		if part.program == nil {
			continue
		}
		p, err := part.program.Ready(func(c *journey.Call) error { return shown(s, c) })
		if err != nil {
			return err
		}
		on.Begin(part.name)
		j.world.Draws = j.streams.Key(part.draws)
		p.Rehearse(j.world, journey.Rehearsal{Row: row})
	}
	return nil
}

// shown makes a call ready to be shown, as far as its target's kind can.
func shown(s *scenario.Scenario, c *journey.Call) (err error) {
	preparing, can := s.Called()[c.Carrier].Settings.(interface{ Prepare(call any) (any, error) })
	if can && c.Prepared != nil {
		c.Prepared, err = preparing.Prepare(c.Prepared)
	}
	return err
}

// shows is a call made ready that can tell its request.
type shows interface {
	Show(args []value.Value) (url string, head, body []byte, err error)
}

// rehearsing shows the requests of calls that nobody makes.
type rehearsing struct{ Onlooker }

// Saw tells of the request behind its call.
func (r rehearsing) Saw(e *journey.Event) {
	r.Onlooker.Saw(e)
	if e.What != journey.Sends {
		return
	}
	c, can := e.Call.Prepared.(shows)
	if !can {
		return
	}
	url, head, body, err := c.Show(e.Args)
	if err != nil {
		return // a URL that nobody knows yet
	}
	if bytes.HasPrefix([]byte(url), []byte("/")) {
		url = "" // of a simulated server
	}
	unmask := func(text []byte) []byte { return masks.ReplaceAll(text, []byte("$${$1}")) }
	var lines [][]byte
	for _, line := range bytes.SplitAfter(head, []byte("\n")) {
		if !bytes.HasPrefix(line, []byte("Content-Length:")) { // that of what stands here is another one
			lines = append(lines, line)
		}
	}
	r.Sent(e.Number, string(unmask([]byte(url))), unmask(bytes.Join(lines, nil)), unmask(body))
}
