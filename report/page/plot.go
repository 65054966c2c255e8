package page

import (
	"plimsoll/report/chart"
	"plimsoll/report/view"
)

// plot prints a chart: the picture, then its numbers as a table in a fold, out of
// which the script draws it. One that has neither is none.
func (p *printer) plot(plot view.Plot, picture []byte) {
	switch {
	case plot.Heat != nil:
		picture = p.picture(chart.Heat(plot.Heat))
	case plot.Curves != nil:
		picture = p.picture(chart.Curves(plot.Curves))
	case plot.Course != nil:
		picture = p.picture(chart.Course(plot.Course))
	}
	id := p.id()
	p.raw(`<figure`)
	p.drawn(plot)
	if plot.Title != "" {
		p.raw(` aria-labelledby=`, id, `><figcaption><b id=`, id, `>`)
		p.text(plot.Title)
		p.raw(`</b>`)
		if plot.Words != "" {
			p.raw(` <span>`)
			p.text(plot.Words)
			p.raw(`</span>`)
		}
		if plot.Warning != "" {
			p.raw(` <strong class=bad>`)
			p.text(plot.Warning)
			p.raw(`</strong>`)
		}
		p.limits(plot.Limits)
		p.raw(`</figcaption>`)
	} else {
		p.raw(` aria-label=Chart>`) // nobody has said what it is
	}
	if len(picture) > 0 {
		p.raw(`<div class=still tabindex=0 role=group`)
		p.attr("aria-label", "Picture: "+plot.Title)
		p.raw(`>`)
		p.raw(p.styles.embed(picture))
		p.raw(`</div>`)
	}
	p.numbers(plot)
	p.raw(`</figure>`)
}

// limits are promises that a chart has as lines.
func (p *printer) limits(limits []view.PlotLimit) {
	for i, l := range limits {
		if i == 0 {
			p.raw(` <span>Promised: `)
		} else {
			p.raw(`, `)
		}
		p.raw(`<span data-limit="`, exact(l.At), `"`)
		p.attr("data-panel", l.Panel)
		p.raw(`>`)
		p.text(l.Text)
		p.raw(`</span>`)
	}
	if len(limits) > 0 {
		p.raw(`.</span>`)
	}
}

func (p *printer) picture(svg []byte, err error) []byte {
	p.failed(err)
	return svg
}

// drawn says which way the script draws a chart; nothing where it does not.
func (p *printer) drawn(plot view.Plot) {
	switch {
	case plot.Heat != nil:
		p.raw(` data-draw=heat data-look=`, number(plot.Heat.Look))
	case plot.Kind != "" || len(plot.Numbers.Rows) == 0: // a picture remains one
	case plot.Numbers.Axis == "percentile":
		p.raw(` data-draw=curve`)
	default:
		p.raw(` data-draw=course`)
	}
}

// numbers prints the table of a chart.
func (p *printer) numbers(plot view.Plot) {
	switch {
	case plot.Heat != nil:
		p.heat(plot.Heat)
	case len(plot.Numbers.Rows) > 0:
		n := plot.Numbers
		p.fold(plot.Title, n.Until)
		p.raw(`<thead><tr><th scope=col>`)
		p.text(n.Axis)
		for _, s := range n.Columns {
			p.series(s)
		}
		p.raw(`<tbody>`)
		for _, row := range n.Rows {
			p.raw(`<tr><th scope=row>`)
			p.text(row[0])
			for _, cell := range row[1:] {
				p.raw(`<td>`)
				p.text(cell)
			}
		}
		p.raw(`</table></div></details>`)
	}
}

// fold begins the table of numbers of a chart; until is where its last row ends.
func (p *printer) fold(title, until string) {
	p.raw(`<details><summary>The numbers</summary><div class=scroll tabindex=0 role=group`)
	p.attr("aria-label", "Numbers of: "+title)
	p.raw(`><table class=numbers`)
	if until != "" {
		p.attr("data-until", until)
	}
	p.raw(`>`)
}

// series is the head of a column of numbers.
func (p *printer) series(s view.Series) {
	p.raw(`<th scope=col data-look=`, number(s.Look))
	p.attr("data-panel", s.Panel)
	p.attr("data-name", s.Name)
	p.attr("data-mode", s.Mode)
	p.attr("data-unit", s.Unit)
	if s.Base {
		p.raw(` data-base`)
	}
	p.raw(`>`)
	p.text(s.Mode + " " + s.Name)
	if s.Base {
		p.text(", base")
	}
	if s.Unit != "" {
		p.text(" (" + s.Unit + ")")
	}
}

// heat prints the cells of a heat map, a row for each piece of time.
func (p *printer) heat(h *view.Heat) {
	p.fold("calls by time and response time", "")
	p.raw(`<thead><tr><th scope=col>s`)
	for i, name := range h.Names {
		p.raw(`<th scope=col`)
		p.attr("data-low", exact(h.Bins[i]))
		p.attr("data-high", exact(h.Bins[i+1]))
		p.raw(`>`)
		p.text(name + " " + h.Unit)
	}
	p.raw(`<tbody>`)
	for i, row := range h.Calls {
		p.raw(`<tr><th scope=row`)
		p.attr("data-until", exact(h.TimesS[i+1]))
		p.raw(`>`, exact(h.TimesS[i]))
		last := len(row)
		for last > 0 && row[last-1] == 0 {
			last--
		}
		for _, calls := range row[:last] {
			p.raw(`<td`)
			if calls > 0 {
				p.raw(` data-level=`, number(h.Level(calls)), `>`, number(int(calls)))
			} else {
				p.raw(`>`)
			}
		}
	}
	p.raw(`</table></div></details>`)
}
