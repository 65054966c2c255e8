package chart

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/vg"
)

// withOtherFonts makes an SVG fit for readers that lack the font its texts were
// measured with: it names others of the same metrics, and how long each text
// is, which holds with whatever font comes to be used.
func withOtherFonts(svg []byte) []byte {
	svg = svgText.ReplaceAllFunc(svg, func(element []byte) []byte {
		part := svgText.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(part[3]), 64)
		text := html.UnescapeString(string(part[4]))
		if err != nil || !measurable(text) {
			return element
		}
		weight := font.WeightNormal
		if string(part[2]) == "bold" {
			weight = font.WeightBold
		}
		wide := textStyle(vg.Length(size), weight, ink).Width(text)
		return append(fmt.Appendf(nil, `<text textLength="%.4g" lengthAdjust="spacingAndGlyphs"`, float64(wide)), element[len("<text"):]...)
	})
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
}

// svgText is a text as the library writes it, with its weight, its size and
// what it says.
var svgText = regexp.MustCompile(`<text( [^>]*?font-weight:(\w+);[^>]*?font-size:([0-9.]+)px[^>]*)>([^<]+)</text>`)

// measurable tells whether the font has all of a text's letters, and more than
// one, between which there is something to adjust.
func measurable(text string) bool {
	const last = '\u2122' // Latin, Greek and Cyrillic, and their punctuation
	return len([]rune(text)) > 1 && !strings.ContainsFunc(text, func(r rune) bool { return r > last })
}
