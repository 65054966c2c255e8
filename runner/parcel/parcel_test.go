package parcel_test

import (
	"math"
	"testing"
	"time"

	"plimsoll/runner/parcel"
)

// What was appended is read as it was.
func TestWhatWasAppendedIsRead(t *testing.T) {
	b := parcel.Uint(nil, math.MaxUint64)
	b = parcel.Int(parcel.Count(b, time.Hour), -7)
	b = parcel.Bool(parcel.Text(parcel.Float(b, -0.5), "a\xff"), true)
	r := parcel.NewReader(b)
	if n := r.Uint(); n != math.MaxUint64 {
		t.Error(n)
	}
	d, i, x, s, yes := r.Time(), r.Int(7), r.Float(0.5), r.Text(), r.Bool()
	if d != time.Hour || i != -7 || x != -0.5 || s != "a\xff" || !yes || r.End() != nil {
		t.Error(d, i, x, s, yes, r.End())
	}
}

// Numbers out of their bounds, more things than there are bytes for, and bytes that
// nobody has read are wrong; behind the first of them all is 0.
func TestParcelsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		read func(*parcel.Reader)
	}{
		"a text without its bytes":   {append(parcel.Uint(nil, 5), "four"...), func(r *parcel.Reader) { _ = r.Text() }},
		"a text beyond all":          {parcel.Uint(nil, math.MaxUint64), func(r *parcel.Reader) { _ = r.Text() }},
		"things without bytes":       {append(parcel.Uint(nil, 3), 1, 1, 1, 1, 1), func(r *parcel.Reader) { _ = r.Length(9, 2) }},
		"too many things":            {append(parcel.Uint(nil, 3), 1, 1, 1), func(r *parcel.Reader) { _ = r.Length(2, 1) }},
		"a count beyond":             {parcel.Uint(nil, 8), func(r *parcel.Reader) { _ = r.Count(7) }},
		"a time below 0":             {parcel.Uint(nil, 1<<63), func(r *parcel.Reader) { _ = r.Time() }},
		"a number beyond":            {parcel.Int(nil, 8), func(r *parcel.Reader) { _ = r.Int(7) }},
		"a number far below":         {parcel.Int(nil, math.MinInt64), func(r *parcel.Reader) { _ = r.Int(math.MaxInt64) }},
		"no number":                  {parcel.Float(nil, math.NaN()), func(r *parcel.Reader) { _ = r.Float(math.MaxFloat64) }},
		"an infinite one":            {parcel.Float(nil, math.Inf(-1)), func(r *parcel.Reader) { _ = r.Float(math.MaxFloat64) }},
		"half a number":              {make([]byte, 7), func(r *parcel.Reader) { _ = r.Float(1) }},
		"neither yes nor no":         {[]byte{2}, func(r *parcel.Reader) { _ = r.Bool() }},
		"a number that never ends":   {[]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}, func(r *parcel.Reader) { _ = r.Uint() }},
		"bytes that nobody has read": {[]byte{1, 1}, func(r *parcel.Reader) { _ = r.Bool() }},
	} {
		r := parcel.NewReader(c.b)
		c.read(r)
		if r.End() == nil {
			t.Errorf("%s is taken", name)
		}
		if n, s := r.Uint(), r.Text(); n != 0 || s != "" {
			t.Errorf("%s: behind it stand %d and %q", name, n, s)
		}
	}
}
