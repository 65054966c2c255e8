package view

import (
	"fmt"
	"math"

	"plimsoll/runner/result"
)

// NewCalibration shows what a machine can resolve.
func NewCalibration(c *result.Calibration) *View {
	about := joined([]string{Clean(c.Machine.CPUModel), plural(c.Machine.CPUs, "CPU"), Clean(c.Machine.OS + "/" + c.Machine.Arch), Clean(c.Machine.Go)}, ", ")
	sec := Section{Title: "What this machine can resolve", About: about, Notes: heldRate(c.HeldRate)}
	sec.Tables = []Table{*costTable(c.Engines), *latenessTable(c.Lateness), *floorTable(c)}
	return &View{
		Title:    joined([]string{"calibration", c.Taken.UTC().Format("2006-01-02 15:04:05 UTC"), Clean(c.Tool.Name + " " + c.Tool.Version)}, " · "),
		Sections: []Section{sec},
	}
}

// heldRate is the highest rate in a sentence.
func heldRate(h result.HeldRate) []Note {
	if h.RatePerS == 0 {
		return []Note{{Warn, "no rate could be held against plimsoll's own server: the machine is busy or very slow"}}
	}
	text := fmt.Sprintf("holds %s calls/s against plimsoll's own server on the same machine (%s engine)", plainScale("").asWritten(h.RatePerS), Clean(h.Engine))
	if h.LimitedBy != "" {
		text += "; beyond that the " + Clean(h.LimitedBy) + " is the limit"
	}
	return []Note{{Good, text}}
}

// costTable is what a call costs by itself.
func costTable(engines []result.EngineCost) *Table {
	var names []string
	var cpu, alone []float64
	for _, e := range engines {
		names, cpu = append(names, Clean(e.Engine)), append(cpu, e.CPUS)
		if e.P50S == 0 { // nobody was asked
			e.P50S = math.NaN()
		}
		alone = append(alone, e.P50S)
	}
	micro := timeUnits[2]
	own := figures(Column{Name: "processor time of a call"}, micro.narrowed(cpu...), cpu)
	least := figures(Column{Name: "p50 of one alone"}, micro.narrowed(alone...), alone)
	least.notes = []string{"service time of one call after another against plimsoll's own server, which answers at once: most of it is the system's and the server's"}
	return finish("Cost of a call", 1, []column{texts("engine", names), own, least})
}

// latenessTable is how punctual calls are at constant rates.
func latenessTable(lateness []result.LatenessAt) *Table {
	var rates, middle, tail []float64
	var engines []string
	kept := column{head: Column{Name: "kept pace", Left: true}}
	for _, l := range lateness {
		rates, engines = append(rates, l.RatePerS), append(engines, Clean(l.Engine))
		middle, tail = append(middle, l.P50S), append(tail, l.P99S)
		if l.KeptPace {
			kept.cells = append(kept.cells, draft{text: "yes", tone: Good})
		} else {
			kept.cells = append(kept.cells, draft{text: "no", tone: Bad})
		}
	}
	micro := timeUnits[2]
	at := column{head: Column{Name: "rate", Unit: "/s"}}
	for _, rate := range rates {
		at.cells = append(at.cells, draft{text: plainScale("").asWritten(rate)})
	}
	return finish("Lateness: how much later calls start than they are due", 1, []column{
		at, texts("engine", engines),
		figures(Column{Name: "p50"}, micro.narrowed(middle...), middle), figures(Column{Name: "p99"}, micro.narrowed(tail...), tail), kept,
	})
}

// floorTable is the smallest difference that can be told.
func floorTable(c *result.Calibration) *Table {
	f := c.Floor
	times := []float64{f.P50S, f.P99S}
	floors := []float64{100 * c.P50Floor, 100 * c.P99Floor}
	t := finish("Smallest difference between two results", 1, []column{
		texts("response time", []string{"p50", "p99"}),
		figures(Column{Name: "measured"}, timeScale(times...), times),
		figures(Column{Name: "differs by chance"}, plainScale("%", floors...), floors),
	})
	t.Remarks = []string{fmt.Sprintf("95 of 100 pairs of identical measurements, %d × %s each (%s engine), differ by less.",
		f.Repetitions/2, plural(f.CallsEach, "call"), Clean(f.Engine))}
	return t
}
