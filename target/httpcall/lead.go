package httpcall

import (
	"plimsoll/target"
	"plimsoll/target/links"
)

// lead finds where the whole answer of a page leads. A redirect that says whither
// is as good as a page.
func (r *Reader) lead(c *Course, head []byte, a Answer, class string) (string, error, bool) {
	page := c.Message.url()
	if links.Redirect(&c.leads, page, a.Status, head) {
		c.led = true
		return "", nil, false
	}
	if class != "" || !c.call.Links.Reads(head) {
		c.leads, c.led = target.Links{URLs: c.leads.URLs[:0]}, class == ""
		return class, nil, false
	}
	body := c.body
	if len(body) > 0 {
		var err error
		if body, err = r.decode(c, Encodings(head)); err != nil {
			return target.Body, err, false
		}
	}
	c.call.Links.Find(&c.leads, page, body)
	c.led = true
	return "", nil, false
}

// Leads is where the answer of a page leads, valid until the course is begun
// again; nil: it is no page, or has failed.
func (c *Course) Leads() *target.Links {
	if !c.led {
		return nil
	}
	return &c.leads
}
