package drive

import (
	"plimsoll/runner/crawl"
	"plimsoll/target"
	"plimsoll/target/value"
)

// Crawl is what a loop calls that visits pages: each call is of the page that has
// waited longest, and finds others.
type Crawl struct {
	Frontier *crawl.Frontier
	// Call is a page's, as the target has prepared it.
	Call any
}

// crawling is a crawl under way.
type crawling struct {
	Crawl
	pages []visit // by slot
}

// visit is a page and what its call is asked with.
type visit struct {
	crawl.Page
	args []value.Value
}

// crawls begins a crawl: the pages where it starts are due at once.
func (d *driver) crawls(c *Crawl) {
	d.crawl = &crawling{Crawl: *c}
	for range c.Frontier.Waiting() {
		d.Schedule.Offer(d.From)
	}
}

// visit is the request of the next page.
func (c *crawling) visit(place uint32) target.Request {
	for int(place) >= len(c.pages) {
		c.pages = append(c.pages, visit{args: make([]value.Value, 1)})
	}
	v := &c.pages[place]
	v.Page = c.Frontier.Next()
	v.args[0] = value.Of(v.URL)
	return target.Request{Call: c.Call, Args: v.args}
}

// visited has what a page leads to wait for a user, from when its call ended. Where no
// more are visited, nobody looks for more.
func (d *driver) visited(place uint32, c *Call) {
	if c.Page = d.crawl.pages[place].URL; c.Example != "" {
		c.Example = clipped(c.Page) + ": " + c.Example // whose failure it is
	}
	if d.dropped || !c.OK() || c.Parts == nil || c.Parts.Links == nil {
		return
	}
	for range d.crawl.Frontier.Find(d.crawl.pages[place].Page, c.Parts.Links) {
		d.Schedule.Offer(c.End)
	}
}

// longestNamed is how much of a URL stands in front of a failure.
const longestNamed = 200

// clipped is a normal URL, which is ASCII throughout, as far as people read it.
func clipped(url string) string {
	if len(url) > longestNamed {
		return url[:longestNamed] + "…"
	}
	return url
}
