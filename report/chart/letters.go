package chart

import (
	"math"

	imagefont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// letters measures texts, and draws them: in the font that was asked for, and where
// that lacks letters, in others.
type letters struct {
	text.Plain
	others func() []*opentype.Font // asked only where a letter is lacking
}

// part is a piece of a line in one font.
type part struct {
	face font.Face
	text string
}

// Box is how large a line is, in all its fonts; its height is that of the one that
// was asked for.
func (l *letters) Box(line string, f font.Font) (width, height, depth vg.Length) {
	_, height, depth = l.Plain.Box("", f)
	for _, p := range l.parts(line, f) {
		width += p.face.Width(p.text)
	}
	return width, height, depth
}

// Draw draws a text, the way text.Plain does.
func (l *letters) Draw(c vg.Canvas, txt string, style text.Style, at vg.Point) {
	lines := l.Lines(txt)
	if txt == "" {
		return
	}
	face := l.Fonts.Lookup(style.Font, style.Font.Size)
	c.SetColor(style.Color)
	if style.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(style.Rotation)
	}
	sin64, cos64 := math.Sincos(style.Rotation)
	sin, cos := vg.Length(sin64), vg.Length(cos64)
	at.X, at.Y = at.Y*sin+at.X*cos, at.Y*cos-at.X*sin
	at.Y += style.Height(txt)*vg.Length(style.YAlign) - face.Extents().Ascent
	for i, line := range lines {
		width, _, _ := l.Box(line, style.Font)
		l.fill(c, line, style.Font, at.Add(vg.Point{X: vg.Length(style.XAlign) * width, Y: vg.Length(len(lines)-i) * style.Font.Size}))
	}
}

// fill draws a line from a point on. Readers of SVG have fonts of their own, so what is
// not drawn in pixels stays in one piece.
func (l *letters) fill(c vg.Canvas, line string, f font.Font, at vg.Point) {
	if !inPixels(c) {
		c.FillString(l.Fonts.Lookup(f, f.Size), at, line)
		return
	}
	for _, p := range l.parts(line, f) {
		c.FillString(p.face, at, p.text)
		at.X += p.face.Width(p.text)
	}
}

// inPixels tells whether a canvas is drawn with the fonts that there are here.
func inPixels(c vg.Canvas) bool {
	switch c := c.(type) {
	case *draw.Canvas:
		return inPixels(c.Canvas)
	case draw.Canvas:
		return inPixels(c.Canvas)
	case *vgimg.Canvas:
		return true
	}
	return false
}

// parts divides a line into pieces of one font each. A letter that no font has stays
// in the one that was asked for, which shows it as missing.
func (l *letters) parts(line string, f font.Font) (parts []part) {
	own := l.Fonts.Lookup(f, f.Size)
	from, now := 0, own
	for i, r := range line {
		if face := l.face(own, r); face.Face != now.Face {
			if i > from {
				parts = append(parts, part{now, line[from:i]})
			}
			from, now = i, face
		}
	}
	return append(parts, part{now, line[from:]})
}

// face is that of a letter.
func (l *letters) face(own font.Face, r rune) font.Face {
	if r < 0x80 || glyph(own.Face, r) != 0 {
		return own
	}
	for _, other := range l.others() {
		if draws(other, r) {
			return font.Face{Font: own.Font, Face: other}
		}
	}
	return own
}

// glyph is the number that a font has for a letter; 0: it has none.
func glyph(f *opentype.Font, r rune) sfnt.GlyphIndex {
	var buffer sfnt.Buffer
	i, err := f.GlyphIndex(&buffer, r)
	if err != nil {
		return 0
	}
	return i
}

// draws tells whether a font that may be anything has a letter, and can draw it.
func draws(f *opentype.Font, r rune) bool {
	i := glyph(f, r)
	if i == 0 {
		return false
	}
	var buffer sfnt.Buffer
	size := fixed.Int26_6(f.UnitsPerEm())
	_, broken := f.LoadGlyph(&buffer, i, size, nil)
	_, unmeasured := f.GlyphAdvance(&buffer, i, size, imagefont.HintingNone)
	return broken == nil && unmeasured == nil
}
