package sim

import (
	"strings"

	"plimsoll/target"
	"plimsoll/target/links"
)

// Host is what a simulated server is called in the URLs of its pages.
const Host = "sim"

// Page is the normal URL of a path at the server, or of a whole URL.
func (p *prepared) Page(text string) (string, error) {
	if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") {
		text = "http://" + Host + text
	}
	return links.Normal(text)
}

// led is the end of a page's call, and where its answer leads.
func (c *Carrier) led(w *waiting) *target.Done {
	c.done.Outcome = c.dones[w.class].Outcome
	seen, page := c.seen(w), w.args[0].Text
	switch {
	case seen == nil:
	case links.Redirect(&c.leads, page, seen.Status, seen.Head):
		c.done.Outcome = c.dones[0].Outcome
		c.parts.Links, c.done.Parts = &c.leads, &c.parts
	case c.done.OK():
		c.leads = target.Links{URLs: c.leads.URLs[:0]}
		if w.prepared.links.Reads(seen.Head) {
			w.prepared.links.Find(&c.leads, page, seen.Body)
		}
		c.parts.Links, c.done.Parts = &c.leads, &c.parts
	}
	return &c.done
}
