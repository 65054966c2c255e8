package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"plimsoll/runner/result"
)

// Law is the law of scaling that a mode's data support; nil where none was
// fitted.
func (s *Scenario) Law(mode string) *result.Scaling {
	for _, law := range s.laws {
		if law.Mode == mode && law.Chosen {
			return law
		}
	}
	return nil
}

// misfit is how far a law may miss a point, as a share of it; beyond that it
// would make up a ceiling or a peak.
const misfit = 0.1

func fits(law *result.Scaling) bool { return law.Off <= misfit }

// Fitting is the law that a mode follows: the one that its data support, if
// that fits them; else nil.
func (s *Scenario) Fitting(mode string) *result.Scaling {
	if law := s.Law(mode); law != nil && fits(law) {
		return law
	}
	return nil
}

// ByLaw is what a metric would be at n by a law; NaN where the law does not
// tell. A law of speedups tells only of those over its own baseline, one of
// throughputs also of makespans.
func (s *Scenario) ByLaw(law *result.Scaling, metric string, n float64) float64 {
	switch {
	case metric == Speedup && law.Baseline != "" && law.Baseline == s.Baseline:
		return law.At(n)
	case metric == Rate && law.Baseline == "":
		return law.At(n)
	case metric == Makespan && law.Baseline == "" && law.Axis == result.AxisRequests:
		return n / law.At(n)
	case metric == Makespan && law.Baseline == "" && s.Counted:
		return float64(s.Groups[0].Requests) / law.At(n)
	}
	return math.NaN()
}

// Reach is how far a law's curve is worth showing: half as far again as was
// measured, or past the peak where that is not too far off.
func Reach(law *result.Scaling) float64 {
	most := float64(law.Largest)
	reach := 1.5 * most
	if law.Peak != nil {
		reach = max(reach, min(1.2*law.Peak.Value, 3*most))
	}
	return reach
}

// scalingTable shows the laws that were fitted, and what they amount to in
// sentences; nil where none was.
func (s *Scenario) scalingTable() *Table {
	fitted := slices.DeleteFunc(slices.Clone(s.laws), func(law *result.Scaling) bool { return law.Refused != "" })
	if len(fitted) == 0 {
		return nil
	}
	modes, laws, chosen, aicc := column{head: Column{Name: "mode", Left: true}}, texts("law", nil), texts("supported", nil), texts("AICc", nil)
	aicc.head.Left = false
	for _, law := range fitted {
		mode := draft{text: Clean(law.Mode)}
		if law.Note != "" {
			mode.notes = []string{inFull(law.Note)}
		}
		modes.cells = append(modes.cells, mode)
		laws.cells = append(laws.cells, draft{text: lawName(law.Law)})
		support := draft{text: "no"}
		if law.Chosen && fits(law) {
			support = draft{text: "yes", tone: Good}
		}
		chosen.cells = append(chosen.cells, support)
		aicc.cells = append(aicc.cells, draft{text: strconv.FormatFloat(law.AICc, 'f', 1, 64)})
	}
	aicc.notes = []string{"Akaike's criterion for few points: the smaller, the better supported; where the difference is below 2, the simpler law is"}
	columns := append([]column{modes, laws}, rank(1, chosen)...)
	columns = append(columns, estimates(fitted, "serial", "%", percent, func(l *result.Scaling) *result.Value { return &l.Serial })...)
	columns = append(columns, estimates(fitted, "crosstalk", "%", percent, crosstalk)...)
	columns = append(columns, estimates(fitted, "peak", "", whole, func(l *result.Scaling) *result.Value { return l.Peak })...)
	t := finish("Scaling over "+s.Axis, 2, append(columns, rank(3, aicc)...))
	t.Remarks = s.scalingSentences()
	return t
}

// crosstalk is nil for the law that knows none.
func crosstalk(law *result.Scaling) *result.Value {
	if law.Law == result.Amdahl {
		return nil
	}
	return &law.Crosstalk
}

func lawName(law string) string {
	if law == result.USL {
		return "USL"
	}
	return "Amdahl"
}

// estimates are the columns of one estimate and of its interval.
func estimates(laws []*result.Scaling, name, unit string, text printer, of func(*result.Scaling) *result.Value) []column {
	values := column{head: Column{Name: name, Unit: unit}}
	intervals := column{head: Column{Name: intervalName, Qualifies: true, Rank: 2}}
	for _, law := range laws {
		v := of(law)
		if v == nil {
			values.cells, intervals.cells = append(values.cells, empty()), append(intervals.cells, empty())
			continue
		}
		values.cells = append(values.cells, draft{text: text(v.Value, v.Value)})
		interval := empty()
		if law.Basis != "" {
			interval = draft{text: text.between(v), notes: []string{basisNote(law.Basis)}}
		}
		intervals.cells = append(intervals.cells, interval)
	}
	if values.dull() {
		return nil
	}
	return []column{values, intervals}
}

func basisNote(basis string) string {
	if basis == result.FromRepetitions {
		return "from the repetitions, leaving out one after the other"
	}
	return "from how far the points are off the curve: fewer than 3 repetitions"
}

// printer prints a figure with as many decimals as another one deserves.
type printer func(v, like float64) string

// between is an interval: "86–103".
func (p printer) between(v *result.Value) string {
	return p(v.Low, v.Value) + "–" + p(v.High, v.Value)
}

// percent prints a share to three digits.
func percent(share, like float64) string {
	if share == 0 {
		return "0"
	}
	if like == 0 {
		like = share
	}
	return strconv.FormatFloat(share*100, 'f', min(7, max(0, 2-magnitude(like*100))), 64)
}

// whole prints a number of calls or callers that was estimated.
func whole(n, like float64) string {
	switch {
	case n >= 1e6:
		return strconv.FormatFloat(n, 'g', 3, 64)
	case like < 10:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

// scalingSentences say in plain words what the laws amount to, or why there
// are none.
func (s *Scenario) scalingSentences() (sentences []string) {
	var modes []string
	for _, law := range s.laws {
		if !slices.Contains(modes, law.Mode) {
			modes = append(modes, law.Mode)
		}
	}
	for _, mode := range modes {
		sentence := ""
		if law := s.Law(mode); law != nil {
			sentence = capital(s.verdictOf(law)) + "."
		}
		for _, law := range s.laws {
			if law.Mode == mode && law.Refused != "" {
				sentence = joined([]string{sentence, capital(inFull(law.Refused)) + "."}, " ")
			}
		}
		if len(modes) > 1 {
			sentence = Clean(mode) + ": " + sentence
		}
		sentences = append(sentences, sentence)
	}
	return sentences
}

// verdictOf is what a law amounts to.
func (s *Scenario) verdictOf(law *result.Scaling) string {
	more := "adding " + s.added(law.Axis)
	most := strconv.Itoa(law.Largest)
	beyond := "; beyond " + most + " this is extrapolation"
	peak := law.Peak
	text := ""
	switch {
	case !fits(law):
		text = fmt.Sprintf("no law fits: the better of the two misses a point by %.0f %%, so nothing is said of more than was measured", law.Off*100)
	case peak != nil && peak.Value <= float64(law.Smallest):
		text = fmt.Sprintf("%s never pays: the more than %d there are, the less gets done%s", more, law.Smallest, beyond)
	case peak != nil && peak.Value <= float64(law.Largest):
		text = fmt.Sprintf("%s stops paying at about %s%s", more, estimated(peak, law.Basis), beyond)
	case peak != nil:
		text = fmt.Sprintf("%s pays up to %s, the most that was measured, and by the law up to about %s, which is extrapolation", more, most, estimated(peak, law.Basis))
	case law.Law == result.USL && law.NoneBelow > 0:
		text = fmt.Sprintf("%s may stop paying from %s on, or never: the data do not tell%s", more, whole(law.NoneBelow, law.NoneBelow), beyond)
	case law.Law == result.USL:
		text = fmt.Sprintf("where %s stops paying the data do not tell%s", more, beyond)
	case law.Serial.Value > 0:
		text = fmt.Sprintf("%s pays ever less: however many there are, no more than %s times as much gets done as by one%s", more, limit(law), beyond)
	default:
		text = fmt.Sprintf("%s pays in full up to %s, the most that was measured", more, most)
	}
	return text
}

// added is what there is more of along an axis.
func (s *Scenario) added(axis string) string {
	switch {
	case axis == result.AxisRequests:
		return s.Noun() + "s"
	case axis == result.AxisVary:
		return Clean(s.Axis)
	case s.iterates():
		return "users"
	}
	return "callers"
}

// estimated is "93 (86–103)"; only the value where there is no interval, or
// none that could be seen.
func estimated(v *result.Value, basis string) string {
	value := whole(v.Value, v.Value)
	if low, high := whole(v.Low, v.Value), whole(v.High, v.Value); basis != "" && (low != value || high != value) {
		return value + " (" + low + "–" + high + ")"
	}
	return value
}

// limit is what Amdahl's law tends to: 1/σ.
func limit(law *result.Scaling) string {
	v := &result.Value{Value: 1 / law.Serial.Value, Low: 1 / law.Serial.High, High: 1 / law.Serial.Low}
	if law.Basis != "" && law.Serial.Low == 0 {
		return whole(v.Value, v.Value) + " (at least " + whole(v.Low, v.Value) + ")"
	}
	return estimated(v, law.Basis)
}

// unfitted are the reasons why there are no laws, where no table tells them.
func (s *Scenario) unfitted() (notes []Note) {
	if slices.ContainsFunc(s.laws, func(law *result.Scaling) bool { return law.Refused == "" }) {
		return nil
	}
	for _, sentence := range s.scalingSentences() {
		notes = append(notes, Note{Plain, "no law of scaling: " + sentence})
	}
	return notes
}
