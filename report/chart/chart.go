// Package chart draws a scenario as pictures for documents: the speedup over
// its sweep, latency by percentile, the course of a trial over time, when the calls of a
// batch are over, and the course of an iteration through its steps. Equal scenarios give
// equal bytes.
package chart

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"slices"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"plimsoll/report/view"
)

// Chart is one picture, twice.
type Chart struct {
	Kind string // "speedup", "latency" or "timeline"; "completions" of batches; "capacity" of a search; "steps" of iterations
	SVG  []byte
	PNG  []byte
}

// Draw draws what there is to draw of a scenario: no latency without a
// success, no speedup with nothing to compare. A chart that cannot be drawn is
// left out and told in the error; the others come with it.
func Draw(sec view.Section) ([]Chart, error) { return pictured(sec, nil, (*figure).both) }

// Pictures are those of some kinds that Draw draws, as SVG and to stand under headings
// and remarks of their own: without what says what they show.
func Pictures(sec view.Section, kinds ...string) ([]Chart, error) {
	return pictured(sec, kinds, func(f *figure, c *Chart) (err error) {
		f.title, f.about, f.warning, f.hints = "", "", "", nil
		c.SVG, err = f.svg()
		return err
	})
}

// pictured renders charts of these kinds, or of all.
func pictured(sec view.Section, wanted []string, render func(*figure, *Chart) error) ([]Chart, error) {
	if len(sec.Scenario.Groups) == 0 {
		return nil, nil
	}
	var charts []Chart
	var problems []error
	all := kinds
	if sec.Scenario.Capacity != nil {
		all = searched
	}
	for _, k := range all {
		if wanted != nil && !slices.Contains(wanted, k.name) {
			continue
		}
		c, err := k.chart(sec, render)
		if err != nil {
			problems = append(problems, fmt.Errorf("cannot draw the %s chart of %s: %w", k.name, sec.Title, err))
		} else if c != nil {
			charts = append(charts, *c)
		}
	}
	return charts, errors.Join(problems...)
}

// kind is one of the charts, and how to lay it out: nil when there is nothing
// to draw.
type kind struct {
	name   string
	figure func(view.Section) (*figure, error)
}

var kinds = []kind{{"speedup", speedup}, {"latency", latency}, {"timeline", timeline}, {"completions", completions}, {"steps", waterfalls}}

// searched are those of a capacity search, which has one picture to all its
// steps.
var searched = []kind{{"capacity", capacity}, {"steps", waterfalls}}

// chart draws into memory; nil when there is nothing to draw. The plotting
// library panics where it cannot go on, and no chart is worth a run.
func (k kind) chart(sec view.Section, render func(*figure, *Chart) error) (c *Chart, err error) {
	defer recovered(&err)
	f, err := k.figure(sec)
	if f == nil || err != nil {
		return nil, err
	}
	one := &Chart{Kind: k.name}
	if err := render(f, one); err != nil {
		return nil, err
	}
	return one, nil
}

// both renders a figure as SVG and as PNG.
func (f *figure) both(c *Chart) (err error) {
	if c.SVG, err = f.svg(); err != nil {
		return err
	}
	c.PNG, err = f.png()
	return err
}

// recovered makes a panic an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%v", p)
	}
}

func (f *figure) svg() ([]byte, error) {
	canvas := vgsvg.NewWith(vgsvg.UseWH(f.width, f.height()))
	canvas.SetColor(color.White)
	canvas.Fill(draw.New(canvas).Rectangle.Path())
	f.draw(draw.New(canvas))
	var out bytes.Buffer
	_, err := canvas.WriteTo(&out)
	return withOtherFonts(out.Bytes()), err
}

// png has a white background of its own.
func (f *figure) png() ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height()), vgimg.UseDPI(pngDPI))
	f.draw(draw.New(canvas))
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // hardly larger, and sooner done
	err := encoder.Encode(&out, canvas.Image())
	return out.Bytes(), err
}

const pngDPI = 144
