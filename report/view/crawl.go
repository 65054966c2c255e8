package view

import (
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
	of := func(figure func(g *Group) float64) (all []float64) {
		for _, g := range rows.Groups {
			all = append(all, figure(g))
		}
		return all
	}
	whole := scale{per: 1}
	columns := s.keyColumns(rows.Groups)
	keys := len(columns)
	columns[keys-1].flag(rows.Groups)
	pages := of(func(g *Group) float64 { return float64(g.Crawl.Pages) })
	visited := figures(Column{Name: "pages"}, whole, pages)
	if s.repetitions() > 1 {
		visited.notes = []string{"pages and links are those of all repetitions together"}
	}
	columns = append(columns, visited,
		figures(Column{Name: "depth"}, whole, of(func(g *Group) float64 { return float64(g.Crawl.Depth) })),
		figures(Column{Name: "links found"}, whole, of(func(g *Group) float64 { return float64(g.Crawl.Found) })))
	for _, why := range reasons {
		columns = append(columns, figures(Column{Group: "skipped", Name: strings.ReplaceAll(why, "-", " ")}, whole, of(func(g *Group) float64 { return float64(g.Crawl.Skipped[why]) })))
	}
	return finish("Crawl", keys, columns)
}
