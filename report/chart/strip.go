package chart

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// strip is one of the panels above each other.
type strip struct {
	label    string
	along    scaling
	figures  []figureOf // what it is about, the first above all
	beside   []figureOf // what does not stretch its axis
	paint    func(*panel, track)
	promised string // what thresholds belong here
	lacking  string // why it may be empty
	only     []int  // of which trial it is, by stretch, -1 of none; nil: of all
}

type figureOf func(view.Moment) float64

// track is what a mode did in time.
type track struct {
	look
	moments []view.Moment
	hidden  int    // how many others run where it does
	noun    string // what it is of
}

func started(m view.Moment) float64   { return m.StartedPerS }
func succeeded(m view.Moment) float64 { return m.OKPerS }
func failed(m view.Moment) float64    { return m.FailedPerS }
func inFlight(m view.Moment) float64  { return m.InFlight }
func queued(m view.Moment) float64    { return m.Queued }
func held(m view.Moment) float64      { return m.Held }
func median(m view.Moment) float64    { return m.P50S }
func tail(m view.Moment) float64      { return m.TailS }

// ofTimeline are the strips from above to below.
func ofTimeline(c *view.Course, stretches []view.Stretch) []strip {
	linear, logarithmic := scaling{logFrom: 1e99, label: number}, scaling{logFrom: 0, labels: 6, label: duration}
	noun := c.Noun()
	all := []strip{{label: noun + "s/s", along: linear, figures: []figureOf{succeeded, failed}, beside: []figureOf{started}, paint: (*panel).rates, promised: view.Rate, lacking: "no " + noun + " was started"}}
	all = append(all, ofErrors(stretches)...)
	all = append(all,
		strip{label: "response time", along: logarithmic, figures: []figureOf{median, tail}, paint: (*panel).responses, promised: view.Response, lacking: "no " + noun + " succeeded"},
		strip{label: "in flight", along: linear, figures: []figureOf{inFlight}, paint: (*panel).flights, lacking: "nothing was in flight"})
	if c.Queued() {
		all = append(all, strip{label: "in the queue", along: linear, figures: []figureOf{queued}, paint: (*panel).queues, promised: view.Queue, lacking: "nothing waited"})
	}
	if met(stretches, held) && !c.Queued() { // there it is those in the queue
		all = append(all, strip{label: "held", along: linear, figures: []figureOf{held}, paint: (*panel).helds, lacking: "nothing was held"})
	}
	if met(stretches, latest) {
		all = append(all, strip{label: "lateness", along: logarithmic, figures: []figureOf{latest}, paint: (*panel).latest, lacking: "nothing was late"})
	}
	var trials []*result.Trial
	for _, g := range c.Groups[:c.Base] {
		trials = append(trials, g.Trials[0])
	}
	for _, name := range view.Monitors(trials) {
		of := func(m view.Moment) float64 { return m.CoresOf(name) }
		all = append(all, strip{label: "cores of " + view.Clean(name), along: linear, figures: []figureOf{of}, paint: func(p *panel, t track) { p.cores(t, of) }, lacking: "nothing was seen"})
	}
	return all
}

// met tells whether a figure is ever other than 0.
func met(stretches []view.Stretch, of figureOf) bool {
	return slices.ContainsFunc(stretches, func(s view.Stretch) bool {
		return slices.ContainsFunc(every(s, []figureOf{of}), drawable)
	})
}

// ofErrors are strips of errors by class: one for each trial that has several.
func ofErrors(stretches []view.Stretch) (all []strip) {
	colours := map[string]color.Color{}
	var erring [][]int // by stretch
	most := 0
	for i, s := range stretches {
		erring = append(erring, nil)
		for j, n := range s.Trials {
			classes := view.ClassesIn(s.Moments[j])
			if len(classes) > 0 {
				erring[i] = append(erring[i], n)
			}
			for _, class := range classes {
				if colours[class] == nil {
					colours[class] = lookOf(len(colours) + ofClasses).Color
				}
			}
		}
		most = max(most, len(erring[i]))
	}
	for nth := range most {
		st := strip{label: "errors/s", along: scaling{logFrom: 1e99, label: number}, figures: []figureOf{failed}, lacking: "no errors of several classes",
			paint: func(p *panel, t track) { p.classes(t, colours) }}
		for _, trials := range erring {
			if nth < len(trials) {
				st.only = append(st.only, trials[nth])
			} else {
				st.only = append(st.only, -1)
			}
		}
		all = append(all, st)
	}
	return all
}

// ofClasses is the colour of the first class of errors, none of the first modes'.
const ofClasses = 3

// strips are the rows of panels of some stretches, one beside the other.
func strips(c *view.Course, stretches []view.Stretch, titled bool) (rows [][]panel) {
	for _, st := range ofTimeline(c, stretches) {
		var row []panel
		shown := st.shown(stretches)
		ranges := st.ranges(shown)
		for i, stretch := range shown {
			row = append(row, *st.panel(c, stretch, ranges[i]))
			if i > 0 {
				row[i].y = ""
			}
			if titled && len(rows) == 0 || st.only != nil && len(stretches[i].Trials) > 1 {
				row[i].title = modesIn(c, stretch)
			}
		}
		rows = append(rows, row)
	}
	for _, row := range rows[:len(rows)-1] { // one time axis is enough
		for j := range row {
			row[j].x, row[j].X.Tick.Marker = "", plot.ConstantTicks(nil)
		}
	}
	return rows
}

// shown is what a strip shows of stretches.
func (st strip) shown(stretches []view.Stretch) []view.Stretch {
	if st.only == nil {
		return stretches
	}
	shown := slices.Clone(stretches)
	for i, s := range stretches {
		shown[i].Trials, shown[i].Moments = nil, nil
		if j := slices.Index(s.Trials, st.only[i]); j >= 0 {
			shown[i].Trials, shown[i].Moments = s.Trials[j:j+1], s.Moments[j:j+1]
		}
	}
	return shown
}
