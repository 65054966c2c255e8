package httpcall

import (
	"bytes"

	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Target appends the path, or the URL, and the query that the call asks for with
// these values, as they are sent.
func (c *Call) Target(dst []byte, args []value.Value) []byte {
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
	for _, q := range c.Query {
		_, constant := q.Value.Constant()
		fixed = fixed && constant
	}
	return fixed
}

// Bodiless tells that the answer has no body.
func (c *Call) Bodiless() bool { return c.Method == "HEAD" }
