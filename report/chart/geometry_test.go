package chart

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// path is a line or a shape of a picture, in its own coordinates: points, from
// the lower left.
type path struct {
	look     string // without the defaults
	from, to vg.Point
}

var coordinates = regexp.MustCompile(`(-?[0-9.e+-]+),(-?[0-9.e+-]+)`)

// paths are all that is drawn but texts.
func paths(t *testing.T, svg []byte) (all []path) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err != nil {
			return all
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "path" {
			continue
		}
		p := path{from: vg.Point{X: math.MaxFloat32, Y: math.MaxFloat32}, to: vg.Point{X: -math.MaxFloat32, Y: -math.MaxFloat32}}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "style":
				p.look = a.Value
			case "d":
				for _, pair := range coordinates.FindAllStringSubmatch(a.Value, -1) {
					x, _ := strconv.ParseFloat(pair[1], 64)
					y, _ := strconv.ParseFloat(pair[2], 64)
					p.from = vg.Point{X: min(p.from.X, vg.Length(x)), Y: min(p.from.Y, vg.Length(y))}
					p.to = vg.Point{X: max(p.to.X, vg.Length(x)), Y: max(p.to.Y, vg.Length(y))}
				}
			}
		}
		all = append(all, p)
	}
}

// geometry sums up what is drawn: each look, how often, and between which
// corners.
func geometry(t *testing.T, svg []byte) (lines []string) {
	t.Helper()
	type sum struct {
		path
		count int
	}
	looks := map[string]*sum{}
	for _, p := range paths(t, svg) {
		s := looks[p.look]
		if s == nil {
			s = &sum{path: p}
			looks[p.look] = s
		}
		s.count++
		s.from = vg.Point{X: min(s.from.X, p.from.X), Y: min(s.from.Y, p.from.Y)}
		s.to = vg.Point{X: max(s.to.X, p.to.X), Y: max(s.to.Y, p.to.Y)}
	}
	for _, look := range slices.Sorted(maps.Keys(looks)) {
		s := looks[look]
		lines = append(lines, fmt.Sprintf("%s: %d within %.0f,%.0f … %.0f,%.0f", look, s.count, s.from.X, s.from.Y, s.to.X, s.to.Y))
	}
	return lines
}

// kindOfLine is a line's look apart from its colour.
func kindOfLine(style draw.LineStyle) string {
	dashes := ""
	for _, d := range style.Dashes {
		dashes += fmt.Sprint(d) + ","
	}
	return fmt.Sprintf("%v %s", style.Width, dashes)
}

var (
	strokeWidth = regexp.MustCompile(`stroke-width:([0-9.]+)`)
	strokeDash  = regexp.MustCompile(`stroke-dasharray:([0-9.,]+)`)
	strokeColor = regexp.MustCompile(`stroke:(#[0-9A-F]{6})`)
)

// kindsOfLines are the looks of the lines in a picture, apart from their
// colours and from axes and grids.
func kindsOfLines(t *testing.T, svg []byte) map[string]bool {
	t.Helper()
	kinds := map[string]bool{}
	for _, p := range paths(t, svg) {
		colour := strokeColor.FindStringSubmatch(p.look)
		if colour == nil || p.from == p.to {
			continue
		}
		width, dashes := "1", ""
		if m := strokeWidth.FindStringSubmatch(p.look); m != nil {
			width = m[1]
		}
		if m := strokeDash.FindStringSubmatch(p.look); m != nil {
			dashes = m[1] + ","
		}
		if width == "0.6" && (colour[1] == "#E2E2E2" || colour[1] == "#666666") {
			continue
		}
		kinds[width+" "+dashes] = true
	}
	return kinds
}

// panelsOnly draws a figure without its legend.
func panelsOnly(t *testing.T, f *figure) []byte {
	t.Helper()
	bare := *f
	bare.panels = nil
	for _, row := range f.panels {
		var copied []panel
		for _, p := range row {
			p.legend = nil
			copied = append(copied, p)
		}
		bare.panels = append(bare.panels, copied)
	}
	canvas := vgsvg.NewWith(vgsvg.UseWH(bare.width, bare.height()))
	bare.draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unexplained are the looks that need no legend: parts of what has one
// (edges of bars and markers, wider lines under others), and lines with a label.
func unexplained(kind string) bool {
	width, dashes, _ := strings.Cut(kind, " ")
	wide, _ := strconv.ParseFloat(width, 64)
	return kind == kindOfLine(baselineLine) || kind == "0.5 " || width == "0.7" && dashes == "" || width == "1.1" || width == "1.2" && dashes == "" ||
		slices.ContainsFunc([]float64{1.6, 1.5, 1.2}, func(of float64) bool {
			times := (wide - of) / 1.8
			return times > 0 && math.Abs(times-math.Round(times)) < 1e-6
		})
}

// The legend lists what is drawn, and no more; and one look means one thing.
func TestLegendIsWhatIsDrawn(t *testing.T) {
	for name, f := range figures(t) {
		drawn := kindsOfLines(t, panelsOnly(t, f))
		explained := map[string]string{}
		texts := map[string]bool{}
		for _, e := range f.legend() {
			key := fmt.Sprintf("%s %T %v %v", kindOfLine(e.line), e.marker.Shape, e.area, e.bar)
			if e.rank == ofModes {
				key += fmt.Sprint(cmp.Or(e.line.Color, e.marker.Color))
			}
			if other, twice := explained[key]; twice || texts[e.text] {
				t.Errorf("%s: %q looks as %q does", name, e.text, other)
			}
			explained[key], texts[e.text] = e.text, true
			if isBox := e.rank == ofModes && e.line.Width == 6; e.line.Width > 0 && !isBox && !drawn[kindOfLine(e.line)] {
				t.Errorf("%s: the legend has %q, which is not drawn", name, e.text)
			}
		}
		for kind := range drawn {
			inLegend := slices.ContainsFunc(f.legend(), func(e entry) bool { return kindOfLine(e.line) == kind })
			if !inLegend && !unexplained(kind) {
				t.Errorf("%s: lines of %q are drawn, and not in the legend", name, kind)
			}
		}
	}
}

// Panels keep their size, whatever stands above them.
func TestPanelsKeepTheirSize(t *testing.T) {
	for name, f := range figures(t) {
		for i, row := range aligned(f.panels, canvasOf(f)) {
			for j, at := range row {
				p := f.panels[i][j]
				data := p.DataCanvas(p.inner(at))
				if wide, high := data.Max.X-data.Min.X, data.Max.Y-data.Min.Y; wide < 120 || high < 24 {
					t.Errorf("%s: a panel of %.0f by %.0f points", name, wide, high)
				}
			}
		}
	}
}

// canvasOf is what the panels are drawn on.
func canvasOf(f *figure) draw.Canvas {
	c := draw.Crop(draw.New(vgsvg.New(f.width, f.height())), margin, -margin, margin, -margin)
	for _, line := range f.headings() {
		c.Max.Y -= line.height()
	}
	c.Max.Y -= legendHeight(f.legend(), c.Max.X-c.Min.X)
	return c
}
