package view

import (
	"math"
	"slices"
	"strings"
)

// crawlTable has a row for each place and mode that visited pages; nil where none
// did. Reasons to skip a link are columns where a link was.
func (s *Scenario) crawlTable() *Table {
	rows := &Scenario{confidence: s.confidence}
	var reasons []string
	for _, g := range s.Groups {
		if g.Crawl == nil {
			continue
		}
		rows.Groups = append(rows.Groups, g)
		for why := range g.Crawl.Skipped {
			if !slices.Contains(reasons, why) {
				reasons = append(reasons, why)
			}
		}
	}
	if len(rows.Groups) == 0 {
		return nil
	}
	slices.Sort(reasons)
	// A column has the mean of repetitions, by which promises go, too.
	counted := func(c Column, count func(g *Group) float64) column {
		var all []float64
		for _, g := range rows.Groups {
			all = append(all, count(g)/float64(len(g.Trials)))
		}
		return figures(c, counts(all), all)
	}
	columns := s.keyColumns(rows.Groups)
	keys := len(columns)
	columns[keys-1].flag(rows.Groups)
	visited := counted(Column{Name: "pages"}, func(g *Group) float64 { return float64(g.Crawl.Pages) })
	if s.repetitions() > 1 {
		visited.notes = []string{"pages and links are the means of repetitions"}
	}
	var depths []float64
	for _, g := range rows.Groups {
		depths = append(depths, float64(g.Crawl.Depth))
	}
	columns = append(columns, visited, figures(Column{Name: "depth"}, scale{per: 1}, depths),
		counted(Column{Name: "links found"}, func(g *Group) float64 { return float64(g.Crawl.Found) }))
	for _, why := range reasons {
		columns = append(columns, counted(Column{Group: "skipped", Name: strings.ReplaceAll(why, "-", " ")}, func(g *Group) float64 { return float64(g.Crawl.Skipped[why]) }))
	}
	return finish("Crawl", keys, columns)
}

// counts is the scale of counts, which are whole but for means.
func counts(all []float64) scale {
	if slices.ContainsFunc(all, func(v float64) bool { return v != math.Trunc(v) }) {
		return scale{per: 1, decimals: 1}
	}
	return scale{per: 1}
}
