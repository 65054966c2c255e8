package httpcall

import (
	"bytes"

	"plimsoll/target/links"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Target appends the path, or the URL, and the query that the call asks for with
// these values, as they are sent.
func (c *Call) Target(dst []byte, args []value.Value) []byte {
	if c.Links != nil {
		return append(dst, args[0].Text...)
	}
	from := len(dst)
	dst = c.URL.Append(dst, args, template.InURL)
	asked := bytes.IndexByte(dst[from:], '?') >= 0
	for _, q := range c.Query {
		mark := byte('&')
		if !asked {
			mark, asked = '?', true
		}
		dst = append(append(append(dst, mark), q.Name...), '=')
		dst = q.Value.Append(dst, args, template.InQuery)
	}
	return dst
}

// Fixed tells that Target is the same whatever the values.
func (c *Call) Fixed() bool {
	_, fixed := c.URL.Constant()
	fixed = fixed && c.Links == nil
	for _, q := range c.Query {
		_, constant := q.Value.Constant()
		fixed = fixed && constant
	}
	return fixed
}

// Reading is how the links of a page are read; nil: it is none.
func (c *Call) Reading() *links.Reading { return c.Links }

// Bodiless tells that the answer has no body.
func (c *Call) Bodiless() bool { return c.Method == "HEAD" }
