// Package crawl decides what a crawl visits: of the links that pages have, which
// lead to a page that is to be visited, and which one is next. It fetches nothing,
// and knows no time.
package crawl

import (
	"regexp"

	"plimsoll/target"
	"plimsoll/target/links"
)

// Rules say what is visited besides the pages where a crawl starts.
type Rules struct {
	// SameHost keeps to the hosts, ports included, of where it starts.
	SameHost bool
	// Depth is how many links a page may be from where it starts; below 0: any.
	Depth int
	// Pages is how many are visited at the most.
	Pages int
	// Include must match a whole URL, and Exclude must not; nil: any does.
	Include, Exclude *regexp.Regexp
}

// Why a link is not followed. Those of package links are others.
const (
	Seen      = "seen" // its page has been visited, or will be
	OtherHost = "other-host"
	TooDeep   = "depth"
	TooMany   = "pages"
	Included  = "include" // it is not
	Excluded  = "exclude"
)

// Reasons are all there are to skip a link, in the order in which people read
// them.
func Reasons() []string {
	return []string{Seen, OtherHost, TooDeep, TooMany, Included, Excluded, links.OtherScheme, links.Malformed}
}

// Page is one that is visited: its URL, and how many links it is from where the
// crawl started.
type Page struct {
	URL   string
	Depth int
}

// Told is how far a crawl has come.
type Told struct {
	Pages int64 // that have been visited
	Depth int   // the greatest of theirs
	Found int64 // links on them
	// Skipped are the links that were not followed, by why.
	Skipped map[string]int64
}

// Frontier is between what has been visited and what has not.
type Frontier struct {
	rules   Rules
	hosts   map[string]bool
	known   map[string]struct{} // URLs that have been visited, or wait for it
	waiting []Page              // from head on, the oldest first
	head    int
	told    Told
}

// New begins a crawl at some pages, given by their normal URLs, which are all
// visited.
func New(r Rules, start []string) *Frontier {
	f := &Frontier{rules: r, hosts: map[string]bool{}, known: map[string]struct{}{}, told: Told{Skipped: map[string]int64{}}}
	for _, url := range start {
		_, host, _ := links.Cut(url)
		f.hosts[host] = true
		if _, known := f.known[url]; !known {
			f.add(Page{URL: url})
		}
	}
	return f
}

// Waiting is how many pages wait to be visited.
func (f *Frontier) Waiting() int { return len(f.waiting) - f.head }

// Next is the page that has waited longest, which is visited now. There must be
// one.
func (f *Frontier) Next() Page {
	next := f.waiting[f.head]
	f.waiting[f.head] = Page{}
	f.head++
	if f.head > 1024 && f.head > len(f.waiting)/2 {
		f.waiting = append(f.waiting[:0], f.waiting[f.head:]...)
		f.head = 0
	}
	f.told.Pages++
	f.told.Depth = max(f.told.Depth, next.Depth)
	return next
}

// Find takes in where a page leads, and tells how many pages wait more.
func (f *Frontier) Find(on Page, l *target.Links) (more int) {
	f.told.Found += int64(len(l.URLs) + l.Scheme + l.Malformed)
	f.skip(links.OtherScheme, l.Scheme)
	f.skip(links.Malformed, l.Malformed)
	depth := on.Depth + 1
	if l.Redirect { // nobody clicks there
		depth = on.Depth
	}
	for _, url := range l.URLs {
		if why := f.judge(url, depth); why != "" {
			f.skip(why, 1)
			continue
		}
		f.add(Page{URL: url, Depth: depth})
		more++
	}
	return more
}

// judge tells why a link is not followed; "": it is.
func (f *Frontier) judge(url string, depth int) string {
	if _, host, _ := links.Cut(url); f.rules.SameHost && !f.hosts[host] {
		return OtherHost
	}
	_, known := f.known[url]
	switch {
	case known:
		return Seen
	case f.rules.Include != nil && !f.rules.Include.MatchString(url):
		return Included
	case f.rules.Exclude != nil && f.rules.Exclude.MatchString(url):
		return Excluded
	case f.rules.Depth >= 0 && depth > f.rules.Depth:
		return TooDeep
	case len(f.known) >= f.rules.Pages:
		return TooMany
	}
	return ""
}

func (f *Frontier) add(p Page) {
	f.known[p.URL] = struct{}{}
	f.waiting = append(f.waiting, p)
}

func (f *Frontier) skip(why string, n int) {
	if n > 0 {
		f.told.Skipped[why] += int64(n)
	}
}

// Told is how far it has come.
func (f *Frontier) Told() Told { return f.told }
