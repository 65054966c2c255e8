package export

import (
	"math"
	"strconv"
	"strings"
)

// textType is what the text is: the format that every Prometheus reads.
const textType = "text/plain; version=0.0.4; charset=utf-8"

// appendText writes metrics as Prometheus reads them, distributions in their classic
// buckets.
func appendText(b []byte, families []family) []byte {
	for _, f := range families {
		b = append(b, "# HELP "+f.name+" "+escape(f.help, false)+"\n# TYPE "+f.name+" "+[...]string{"counter", "gauge", "histogram"}[f.kind]+"\n"...)
		for _, s := range f.series {
			b = s.appendText(b, f)
		}
	}
	return b
}

func (s series) appendText(b []byte, f family) []byte {
	switch f.kind {
	case counter:
		return appendLine(b, f.name, s.labels, whole(s.count))
	case gauge:
		return appendLine(b, f.name, s.labels, spell(s.value))
	}
	for bound, count := range s.times.upTo {
		b = appendLine(b, f.name+"_bucket", s.labels, whole(count), label{"le", spell(bound)})
	}
	b = appendLine(b, f.name+"_sum", s.labels, spell(s.times.sum()))
	return appendLine(b, f.name+"_count", s.labels, whole(s.times.count))
}

// upTo are the classic buckets: how many values are not above each bound.
func (d *distribution) upTo(yield func(bound float64, count uint64) bool) {
	count := uint64(0)
	for i, c := range d.classic {
		count += c
		bound := math.Inf(1)
		if i < len(bounds) {
			bound = bounds[i]
		}
		if !yield(bound, count) {
			return
		}
	}
}

// appendLine writes a metric, its labels, and its figure.
func appendLine(b []byte, name string, of []label, figure string, more ...label) []byte {
	b = append(b, name...)
	mark := byte('{')
	for _, some := range [][]label{of, more} {
		for _, l := range some {
			b = append(append(b, mark), l.name+`="`+escape(l.value, true)+`"`...)
			mark = ','
		}
	}
	if mark == ',' {
		b = append(b, '}')
	}
	return append(b, " "+figure+"\n"...)
}

// escape is a text as it stands in quotes, or behind HELP.
func escape(text string, quoted bool) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), `\`, `\\`)
	if quoted {
		text = strings.ReplaceAll(text, `"`, `\"`)
	}
	return strings.ReplaceAll(text, "\n", `\n`)
}

func whole(n uint64) string { return strconv.FormatUint(n, 10) }

// spell is a number as Prometheus writes it.
func spell(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
