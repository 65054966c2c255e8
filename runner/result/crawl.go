package result

import (
	"fmt"
	"slices"
)

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

// checkCrawl tells which law a crawl breaks. That of a trial that broke may have lost
// what it was at.
func (t *Trial) checkCrawl() error {
	c := t.Crawl
	if c == nil || t.Ended == Failed {
		return nil
	}
	skipped := int64(0)
	for _, n := range c.Skipped {
		skipped += n
	}
	switch due := c.Pages + t.Dropped; {
	case c.Pages != t.Started:
		return fmt.Errorf("crawl: pages %d is not started %d", c.Pages, t.Started)
	case skipped > c.Found || c.Found-skipped > due: // pages at which it starts are due, and on none
		return fmt.Errorf("crawl: of found %d, skipped %d, the rest is no part of pages %d + dropped %d", c.Found, skipped, c.Pages, t.Dropped)
	}
	return nil
}

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
