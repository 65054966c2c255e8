package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"plimsoll/runner/result"
)

// agentTable has a row for each agent of a fleet, in each group: what it had a share
// of, in all repetitions. It is nil where no fleet was at work.
func (s *Scenario) agentTable() *Table {
	var groups []*Group
	var rows []agentRow
	for _, g := range s.monitored() {
		for _, row := range agentsOf(g.Trials) {
			groups, rows = append(groups, g), append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var names, calls, failed, clocks []string
	var response, late, cores []float64
	for _, row := range rows {
		names, calls, failed = append(names, Clean(row.Name)), append(calls, strconv.FormatInt(row.Started, 10)), append(failed, strconv.FormatInt(row.Errors, 10))
		response, late = append(response, row.ResponseP99S), append(late, row.LatenessP99S)
		cores, clocks = append(cores, row.cores()), append(clocks, row.clock())
	}
	columns := s.keyColumns(groups)
	name := texts("agent", names)
	for i, row := range rows {
		name.cells[i].notes, name.cells[i].tone = row.faults()
	}
	keys := len(columns) + 1
	columns = append(columns, name, right(s.Noun()+"s", calls), right("failed", failed),
		figures(Column{Group: "highest p99", Name: "response"}, timeScale(response...), response),
		figures(Column{Group: "highest p99", Name: "lateness"}, timeScale(late...), late))
	taken := figures(Column{Name: "cores", Rank: 2}, plainScale("", cores...), cores)
	if !taken.dull() {
		columns = append(columns, taken)
	}
	clock := right("clock ahead by", clocks)
	if clock.head.Rank = 2; !clock.dull() {
		columns = append(columns, clock)
	}
	return finish("Agents", keys, columns)
}

// agentRow is an agent in all trials of a group.
type agentRow struct {
	result.Agent
	wall float64
}

// agentsOf are the agents of repetitions, by their shares.
func agentsOf(trials []*result.Trial) (rows []agentRow) {
	for _, t := range trials {
		for i := range t.Agents {
			a := &t.Agents[i]
			if i == len(rows) {
				rows = append(rows, agentRow{Agent: result.Agent{Health: result.Health{KeptPace: true}}})
			}
			row := &rows[i]
			row.Name, row.ClockOffsetS, row.ClockUncertaintyS = a.Name, a.ClockOffsetS, a.ClockUncertaintyS
			row.Started, row.Errors, row.CPUS = row.Started+a.Started, row.Errors+a.Errors, row.CPUS+a.CPUS
			row.ResponseP99S, row.LatenessP99S = max(row.ResponseP99S, a.ResponseP99S), max(row.LatenessP99S, a.LatenessP99S)
			row.Lost = cmp.Or(row.Lost, a.Lost)
			if a.Lost == "" && !a.KeptPace {
				row.KeptPace, row.Why = false, cmp.Or(row.Why, a.Why)
			}
			if a.Use != nil {
				row.wall += a.Use.WallS
			}
		}
	}
	return rows
}

// faults are why an agent's figures are not what they seem.
func (a agentRow) faults() (notes []string, tone Tone) {
	if a.Lost != "" {
		notes = append(notes, "it was lost: "+inFull(a.Lost))
	}
	if !a.KeptPace {
		notes = append(notes, "it did not keep pace: "+inFull(a.Why))
	}
	if notes != nil {
		tone = Bad
	}
	return notes, tone
}

// cores are how many processors it took; NaN: nobody knows.
func (a agentRow) cores() float64 {
	if a.wall == 0 {
		return math.NaN()
	}
	return a.CPUS / a.wall
}

// clock is how far its clock was ahead of the coordinator's, and how sure that is.
func (a agentRow) clock() string {
	if a.ClockUncertaintyS == 0 {
		return None
	}
	sign, offset := "", float64(a.ClockOffsetS)
	if offset < 0 {
		sign, offset = "−", -offset
	}
	return sign + alone(offset) + " ± " + alone(a.ClockUncertaintyS)
}

// slowest names the agent that was latest by itself, where there are several.
func (s *Scenario) slowestAgent() []Note {
	var in *result.Trial
	var latest *result.Agent
	for _, t := range s.trials {
		for i := range t.Agents {
			if a := &t.Agents[i]; len(t.Agents) > 1 && a.LatenessP99S > 0 && (latest == nil || a.LatenessP99S > latest.LatenessP99S) {
				in, latest = t, a
			}
		}
	}
	if latest == nil {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(in.Agents), func(a result.Agent) bool { return a.Share == latest.Share })
	least := slices.MinFunc(others, func(a, b result.Agent) int { return cmp.Compare(a.LatenessP99S, b.LatenessP99S) })
	return []Note{{Plain, fmt.Sprintf("the slowest of %d agents was %s (%s): its lateness p99 was %s, that of the promptest %s",
		len(in.Agents), Clean(latest.Name), where(in), alone(latest.LatenessP99S), alone(least.LatenessP99S))}}
}
