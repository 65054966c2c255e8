package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/latency"
	"plimsoll/runner/monitor"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// afar has the fleet carry a trial out, and fills in what was measured: the merge of
// what its agents have handed over. Whatever one of them had not, before it was lost,
// is told as that, and nothing else is scaled by it.
func (r *underWay) afar(ctx, atOnce context.Context, t scenario.Trial, out *result.Trial) error {
	g := r.gatherAfar(atOnce, t, out)
	carried, err := r.Fleet.Carry(ctx, atOnce, orderOf(t), g)
	monitored := g.over()
	if err != nil {
		return err
	}
	m := measured{whole: g.whole, end: drive.End{At: g.at}}
	lost := false
	for k := range carried {
		c := &carried[k]
		if c.Err != nil {
			m.end.Err = errors.Join(m.end.Err, fmt.Errorf("agent %s: %w", c.Agent.Name, c.Err))
		}
		out.Agents = append(out.Agents, g.agent(k, c))
		lost = lost || out.Agents[k].Lost != ""
	}
	m.end.Interrupted, m.end.Stopped = endOf(out.Agents, ctx.Err() != nil)
	err = r.fill(out, t, m)
	out.Monitor = monitored()
	if r.Recovering {
		out.Monitor = unseen(t.Scenario.Monitors)
		out.Warnings = append(out.Warnings, recovered)
	}
	together(out, carried)
	if lost {
		out.LostShare = lostShare(out.Agents, length(t))
	}
	judgeAgents(out)
	return err
}

// recovered is what a trial says that was put together afterwards.
const recovered = "recovered from what its agents had kept, after their coordinator had died: how their clocks stood to its own is not known"

// unseen says of monitors that what they saw is lost.
func unseen(monitors []*monitor.Settings) []result.Series {
	all := leftOut(monitors)
	for i := range all {
		all[i].Problem = "what it saw was the coordinator's, which has died"
	}
	return all
}

// endOf is how a trial ended that its agents have; the user may have interrupted it.
func endOf(agents []result.Agent, byUser bool) (interrupted bool, stopped string) {
	lost := ""
	for _, a := range agents {
		if a.Lost != "" {
			lost = cmp.Or(lost, fmt.Sprintf("agent %s was lost: %s", a.Name, a.Lost))
		}
		switch a.Ended {
		case result.Interrupted:
			interrupted = true
		case result.Stopped:
			stopped = cmp.Or(stopped, a.Reason)
		}
	}
	if interrupted && !byUser && lost != "" {
		return false, lost
	}
	return interrupted || byUser && lost != "", stopped
}

// together fills in the sum of all that agents tell of themselves.
func together(out *result.Trial, carried []Carried) {
	var engines []string
	for _, c := range carried {
		if c.End == nil {
			continue
		}
		if !slices.Contains(engines, c.End.Engine) {
			engines = append(engines, c.End.Engine)
		}
		out.Loops += max(1, c.End.Loops)
		if s := c.End.TLS; s != nil {
			out.TLS = cmp.Or(out.TLS, &result.TLS{})
			out.TLS.Handshakes, out.TLS.Resumed = out.TLS.Handshakes+s.Handshakes, out.TLS.Resumed+s.Resumed
		}
		for protocol, n := range c.End.Connections {
			if out.Connections == nil {
				out.Connections = map[string]int64{}
			}
			out.Connections[protocol] += n
		}
		if c.End.Use != nil {
			out.MachineUse = cmp.Or(out.MachineUse, &result.MachineUse{})
			out.MachineUse.Add(*c.End.Use)
		}
	}
	if out.Loops == 1 {
		out.Loops = 0
	}
	out.Engine = strings.Join(engines, "+")
}

// lostShare is how much of a schedule of that length was not carried out, or not told
// of, where agents were lost and others perhaps stopped because of that.
func lostShare(agents []result.Agent, length time.Duration) (share float64) {
	for _, a := range agents {
		if a.Lost != "" || a.Ended == result.Interrupted {
			share += max(0, 1-ratio(a.UntilS, length.Seconds()))
		}
	}
	return share / float64(len(agents))
}

// judgeAgents adds to a trial's health what its agents say of theirs: a fleet has kept
// pace if every one of them has.
func judgeAgents(out *result.Trial) {
	var lost, behind []result.Agent
	for _, a := range out.Agents {
		switch {
		case a.Lost != "":
			lost = append(lost, a)
		case !a.KeptPace:
			behind = append(behind, a)
		}
		out.Health.LimitedBy = cmp.Or(out.Health.LimitedBy, a.LimitedBy)
	}
	why := out.Health.Why
	if len(behind) > 0 {
		worst := slices.MaxFunc(behind, func(a, b result.Agent) int { return cmp.Compare(a.LatenessP99S, b.LatenessP99S) })
		why = fmt.Sprintf("agent %s: %s", worst.Name, worst.Why)
		if len(behind) > 1 {
			why = fmt.Sprintf("%d of %d agents, the latest of them %s: %s", len(behind), len(out.Agents), worst.Name, worst.Why)
		}
	}
	if len(lost) > 0 {
		first := fmt.Sprintf("agent %s was lost: %s; %.3g%% of the schedule was not carried out, or not told", lost[0].Name, lost[0].Lost, 100*out.LostShare)
		if len(lost) > 1 {
			first = fmt.Sprintf("%d of %d agents were lost, the first of them %s: %s; %.3g%% of the schedule was not carried out, or not told",
				len(lost), len(out.Agents), lost[0].Name, lost[0].Lost, 100*out.LostShare)
		}
		if why != "" {
			first += "; " + why
		}
		why = first
	}
	out.Health.Why, out.Health.KeptPace = why, why == ""
}

// gatheringAfar takes in what the agents of a fleet hand over of a trial.
type gatheringAfar struct {
	*load
	atOnce  context.Context
	shape   drive.Shape
	whole   *drive.Interval
	at      time.Duration // what the clock of whoever came furthest has shown
	by      []byAgent     // by share
	began   time.Time
	watched func() func() []result.Series // nil: nobody watches yet
}

// byAgent is what one agent has handed over.
type byAgent struct {
	started, ok, errors int64
	response, lateness  *latency.Histogram
	until               time.Duration // what it did is known until then
}

func (r *underWay) gatherAfar(atOnce context.Context, t scenario.Trial, out *result.Trial) *gatheringAfar {
	g := &gatheringAfar{load: &load{underWay: r, trial: t, out: out}, atOnce: atOnce, shape: shapeOf(t)}
	g.whole = drive.NewRecorder(0, nil).Interval
	for range r.Fleet.Size() {
		g.by = append(g.by, byAgent{response: latency.NewSparse(latency.Fine), lateness: latency.NewSparse(latency.Fine)})
	}
	return g
}

// shapeOf is what the intervals of a trial have.
func shapeOf(t scenario.Trial) (s drive.Shape) {
	var rows []journey.Row
	if steps := t.Scenario.Steps; steps != nil {
		rows = steps.Main.Rows
	}
	s.Rows = rows
	promises := promised(t)
	s.Promises = len(promises.Whole)
	for _, row := range promises.Rows {
		s.Promises = max(s.Promises, len(row))
	}
	for _, called := range t.Scenario.Called() {
		s.Phases = max(s.Phases, len(called.Settings.Traits().Phases))
	}
	return s
}

// Begins has the other side watched from when the trial's clock will show that it
// begins.
func (g *gatheringAfar) Begins(at time.Time) {
	g.began = at
	if g.Recovering {
		return
	}
	g.watched = g.watchOthers(g.atOnce, -g.trial.Scenario.Warmup-time.Until(at))
}

// over is when nothing more comes.
func (g *gatheringAfar) over() func() []result.Series {
	if g.watched == nil {
		return func() []result.Series { return nil }
	}
	return g.watched()
}

// Take merges a piece, after whoever takes pieces has seen it.
func (g *gatheringAfar) Take(share int, piece []byte) error {
	if share < 0 || share >= len(g.by) {
		return fmt.Errorf("there is no share %d of %d", share, len(g.by))
	}
	i, at, err := drive.ReadInterval(piece, g.shape)
	if err != nil {
		return err
	}
	if g.trial.Scenario.Clock == scenario.Virtual {
		at = i.LastEnd
	} else if err := g.happened(max(at, i.LastEnd, i.LastStart)); err != nil {
		return err
	}
	if err := g.bounded(i); err != nil {
		return err
	}
	g.by[share].take(i, at)
	g.at = max(g.at, at)
	g.takers.take(Piece{g.trial, i, at})
	g.whole.Merge(i)
	if g.Watch != nil {
		sofar := gathering{sofar: g.whole}
		g.Watch.Sample(sofar.sample(), max(0, time.Since(g.began)))
	}
	return nil
}

// inAdvance is how far an agent may think that the trial has come where it has not: its
// clock was compared, to far less.
const inAdvance = time.Minute

// happened tells whether the trial has come that far, or about. One that is recovered
// cannot have come further than its run.
func (g *gatheringAfar) happened(at time.Duration) error {
	began := g.began.Add(g.trial.Scenario.Warmup)
	if g.Recovering {
		began = g.run.Started
	}
	if now := time.Since(began); at > now+inAdvance {
		return fmt.Errorf("it tells of what was %v after the beginning, which is %v ago", at, now)
	}
	return nil
}

// bounded tells whether all that has come fails in no more ways than one piece may: each
// could bring as many as that, of names of its own.
func (g *gatheringAfar) bounded(i *drive.Interval) error {
	more := 0
	for class := range i.Errors {
		if len(class) > mostOfName {
			return fmt.Errorf("a class of failures has a name of %d bytes, and %d are the most", len(class), mostOfName)
		}
		if g.whole.Errors[class] == nil {
			more++
		}
	}
	if n := len(g.whole.Errors) + more; more > 0 && n > latency.MostClasses {
		return fmt.Errorf("with it the trial has %d classes of failures, and %d are the most", n, latency.MostClasses)
	}
	return nil
}

func (b *byAgent) take(i *drive.Interval, at time.Duration) {
	b.started, b.ok, b.errors = b.started+i.Started(), b.ok+i.OK, b.errors+i.Failures()+i.Lacking()
	b.response.Merge(i.Response)
	b.lateness.Merge(i.Lateness)
	b.until = max(b.until, at)
}

// agent is what there is to tell of the one with a share.
func (g *gatheringAfar) agent(share int, c *Carried) result.Agent {
	a, b := c.Agent, &g.by[share]
	a.Share = share
	a.Started, a.OK, a.Errors = b.started, b.ok, b.errors
	a.ResponseP50S, a.ResponseP99S = b.response.Quantile(50).Seconds(), b.response.Quantile(99).Seconds()
	a.LatenessP99S = b.lateness.Quantile(99).Seconds()
	a.UntilS = min(max(0, b.until), length(g.trial)).Seconds()
	if c.End == nil {
		if a.Lost == "" && c.Err != nil {
			a.Ended, a.Reason = result.Failed, g.scrub(c.Err.Error())
		}
		return a
	}
	a.Ended, a.Reason, a.Engine, a.Loops = c.End.Ended, c.End.Reason, c.End.Engine, c.End.Loops
	if a.Health, a.Use = c.End.Health, c.End.Use; a.Use != nil {
		a.CPUS = a.Use.CPUS
	}
	for _, warning := range c.End.Warnings {
		g.out.Warnings = append(g.out.Warnings, "agent "+a.Name+": "+warning)
	}
	return a
}
