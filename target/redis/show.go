package redis

import (
	"bytes"

	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Show is the commands with these values, a line each.
func (c *Call) Show(args []value.Value) (line string, _, body []byte, _ error) {
	var text bytes.Buffer
	for _, words := range c.commands {
		for i, w := range words {
			if i > 0 {
				text.WriteByte(' ')
			}
			text.Write(w.Append(nil, args, template.AsIs))
		}
		text.WriteByte('\n')
	}
	return "redis", nil, text.Bytes(), nil
}
