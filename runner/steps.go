package runner

import (
	"errors"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/kind"
)

// describeSteps are the steps of a journey's trial before anything is measured.
func describeSteps(rows []journey.Row) []result.Step {
	steps := make([]result.Step, len(rows))
	for i, row := range rows {
		steps[i] = result.Step{
			Name: row.Name, Path: row.Path, Kind: row.Kind, Target: row.Target, Outside: row.Outside,
			Measure: result.Measure{Errors: map[string]result.Error{}, Timeline: []result.Window{}},
		}
	}
	return steps
}

// fillSteps puts in what was recorded of iterations and of their steps. The trial's
// own figures, its length and how it ended are there already.
func (r *underWay) fillSteps(out *result.Trial, s *scenario.Scenario, rec *drive.Interval, promises drive.Promises) error {
	rows, per := s.Steps.Main.Rows, perSecondOf(out)
	var err, broken error
	*out.Elapsed, err = result.NewDist(rec.Elapsed)
	*out.ErrorElapsed, broken = result.NewDist(rec.ErrorElapsed)
	err = errors.Join(err, broken)
	for n := range rows {
		var row *drive.Interval // nil: nobody came there
		if n < len(rec.Rows) {
			row = rec.Rows[n]
		}
		fillGoodput(&out.Steps[n].Measure, promises.Of(n), row, per)
		if row != nil {
			row.Timeline = rec.RowTimeline(n)
			out.Steps[n].Hops, out.Steps[n].ThroughputPerS = row.Hops, per.of(drive.Count{All: row.OK, InTime: row.InTime})
			out.Steps[n].Begin, broken = result.NewDist(row.Begin)
			if rows[n].Kind == "" {
				elapsed, failed := result.NewDist(row.Elapsed)
				out.Steps[n].Elapsed, err = &elapsed, errors.Join(err, failed)
			}
			err = errors.Join(err, broken, r.fillMeasure(&out.Steps[n].Measure, row, rows), fillRecords(&out.Steps[n], rows[n].Records, row))
			if to := calledBy(s, rows[n].Target); to != nil {
				err = errors.Join(err, fillParts(&out.Steps[n].Measure, to, row, per))
			}
		}
	}
	return err
}

// calledBy are the settings of a target that a scenario calls; nil: of none.
func calledBy(s *scenario.Scenario, name string) kind.Settings {
	for _, t := range s.Called() {
		if t.Name == name {
			return t.Settings
		}
	}
	return nil
}

// fillRecords puts in the numbers that a step's `record` kept.
func fillRecords(out *result.Step, names []string, row *drive.Interval) (err error) {
	for k, h := range row.Records {
		d, broken := result.NewDist(h)
		if out.Records == nil {
			out.Records = map[string]result.Dist{}
		}
		out.Records[names[k]], err = d, errors.Join(err, broken)
	}
	return err
}
