package redis

import (
	"strings"

	"plimsoll/target/plain"
	"plimsoll/target/resp"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Word is the key of the action.
const Word = "redis"

// Call is a command, or several in a row: a pipeline.
type Call struct {
	commands [][]template.Template
	holes    template.Holes
	pos      setting.Pos
	name     string
}

// Name is the call as it is written.
func (c *Call) Name() string { return c.name }

// Refs are what stands in its holes.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// longestName is how many bytes of a call are its name.
const longestName = 60

// spell makes the call's name.
func (c *Call) spell() {
	lines := make([]string, len(c.commands))
	for i, words := range c.commands {
		texts := make([]string, len(words))
		for k, w := range words {
			texts[k] = w.String()
		}
		lines[i] = strings.Join(texts, " ")
	}
	c.name = plain.Clip(strings.Join(lines, "; "), longestName)
}

// prepared is a call made ready to be written.
type prepared struct {
	*Call
	fixed []byte // where it is always the same
}

func prepare(c *Call) *prepared {
	p := &prepared{Call: c}
	if len(c.holes.Refs()) == 0 {
		p.fixed, _ = p.append(nil, nil, nil)
	}
	return p
}

// append writes the commands out, with values in their holes. A word is made in
// the scratch first: its length comes before it.
func (p *prepared) append(dst, scratch []byte, args []value.Value) (text, used []byte) {
	for _, words := range p.commands {
		dst = resp.AppendCommand(dst, len(words))
		for _, w := range words {
			scratch = w.Append(scratch[:0], args, template.AsIs)
			dst = resp.AppendWord(dst, scratch)
		}
	}
	return dst, scratch
}
