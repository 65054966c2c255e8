package runner

import (
	"context"
	"time"

	"plimsoll/runner/export"
	"plimsoll/runner/scenario"
)

// export begins to tell others how trials go on, where the plan asks for it.
func (r *underWay) export() error {
	if r.Plan.Export == nil || r.Recovering {
		return nil
	}
	e, err := export.Start(r.Plan.Export, r.Version, r.note)
	if err != nil {
		return err
	}
	r.exporter = e
	r.takers = append(r.takers, Exporting(e))
	return nil
}

// note says what people should know, if anybody is there.
func (r *underWay) note(text string) {
	if r.Watch != nil {
		r.Watch.Note(r.scrub(text))
	}
}

// exported tells others how it ended.
func (r *underWay) exported(ctx context.Context) {
	if r.exporter != nil {
		r.exporter.Close(ctx)
	}
}

// Exporting has an exporter be given what trials record.
func Exporting(e *export.Exporter) Taker { return exporting{e} }

type exporting struct{ *export.Exporter }

func (e exporting) Take(p Piece) {
	of := export.Of{Scenario: p.Trial.Scenario.Name, Mode: p.Trial.Mode.Name, Real: p.Trial.Scenario.Clock == scenario.Real}
	if steps := p.Trial.Scenario.Steps; steps != nil {
		for _, row := range steps.Main.Rows {
			of.Steps = append(of.Steps, row.Path)
		}
	}
	of.PerS, of.Asks = rateAsked(p.Trial, p.At)
	e.Exporter.Take(of, p.Interval)
}

func (e exporting) Over(t scenario.Trial) {
	e.Exporter.Over(t.Scenario.Name, t.Mode.Name)
	for _, b := range t.Beside() {
		e.Exporter.Over(b.Scenario.Name, b.Mode.Name)
	}
}

// rateAsked is how many calls become due in a second, at a time of a trial; false where
// users come back, and nobody asks for a rate. Of what is found on the way a rate is
// only a limit.
func rateAsked(t scenario.Trial, at time.Duration) (perS float64, ok bool) {
	m, ok := t.Mode.Mode.(interface{ RateAt(time.Duration) float64 })
	if !ok || t.Scenario.Crawl != nil {
		return 0, false
	}
	since := at
	if t.Requests == 0 { // the warm-up goes by the same schedule
		since += t.Scenario.Warmup
	}
	if !t.Batch() && at >= length(t) {
		return 0, true
	}
	return m.RateAt(since), true
}
