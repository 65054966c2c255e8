package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// draw hands out changes: of the lines that can be changed each is as likely
// as any other, and so is each change of a line.
type draw struct {
	random *rand.Rand
	lines  [][]change // those that have not been drawn
}

func newDraw(seed uint64, changes []change) *draw {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.file, b.file), a.line-b.line) })
	d := &draw{random: rand.New(rand.NewPCG(seed, 0))}
	for i, c := range changes {
		if i == 0 || c.file != changes[i-1].file || c.line != changes[i-1].line {
			d.lines = append(d.lines, nil)
		}
		last := len(d.lines) - 1
		d.lines[last] = append(d.lines[last], c)
	}
	return d
}

// next is a change of a line that has not been drawn yet, if there is one left.
func (d *draw) next() (c change, any bool) {
	last := len(d.lines) - 1
	if last < 0 {
		return change{}, false
	}
	i := d.random.IntN(last + 1)
	line := d.lines[i]
	d.lines[i] = d.lines[last]
	d.lines = d.lines[:last]
	return line[d.random.IntN(len(line))], true
}
