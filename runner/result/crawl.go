package result

import "slices"

// Crawl is how far a crawl came.
type Crawl struct {
	// Pages is how many were visited, and Depth how many links the farthest of them
	// was from where it started.
	Pages int64 `json:"pages"`
	Depth int   `json:"depth"`
	// Found is how many links there were on them, Skipped how many of these were
	// not followed, by why.
	Found   int64            `json:"found"`
	Skipped map[string]int64 `json:"skipped"`
}

// Counted tells that the trial was over with the last of its calls, and not when
// its time was.
func (t *Trial) Counted() bool { return t.Requests > 0 || t.Crawl != nil }

// Counted is Trial.Counted.
func (g *Group) Counted() bool { return g.Requests > 0 || g.Crawl != nil }

// crawlOf is the crawls of repetitions together; nil where there is none.
func crawlOf(trials []*Trial) *Crawl {
	if slices.ContainsFunc(trials, func(t *Trial) bool { return t.Crawl == nil }) {
		return nil
	}
	all := &Crawl{Skipped: map[string]int64{}}
	for _, t := range trials {
		all.Pages += t.Crawl.Pages
		all.Depth = max(all.Depth, t.Crawl.Depth)
		all.Found += t.Crawl.Found
		for why, n := range t.Crawl.Skipped {
			all.Skipped[why] += n
		}
	}
	return all
}
