package grpc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Word is the key of the action.
const Word = "rpc"

// Call is a message to a method.
type Call struct {
	rpc      string // package.Service/Method
	message  template.Template
	metadata []Field // besides the target's
	holes    template.Holes
	// The place of the method in the file, and that of the message.
	pos, messagePos setting.Pos
}

// Name is the method.
func (c *Call) Name() string { return c.rpc }

// Refs are what stands in its holes.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// Show is the message with these values.
func (c *Call) Show(args []value.Value) (line string, _, body []byte, _ error) {
	return "grpc " + c.rpc, nil, c.json(nil, args), nil
}

// json appends the message with values in its holes.
func (c *Call) json(dst []byte, args []value.Value) []byte {
	return c.message.Append(dst, args, template.InJSON)
}

// sample are values that stand for those of the holes where none are known yet.
func (c *Call) sample() []value.Value {
	return slices.Repeat([]value.Value{{Kind: value.Number, Text: "0"}}, len(c.holes.Refs()))
}

// check tells why the message cannot be one of the method's, as far as that shows
// before its holes have values.
func (c *Call) check(m *method) error {
	_, err := m.encode(nil, c.json(nil, c.sample()))
	if err == nil || len(c.holes.Refs()) > 0 && !strings.Contains(err.Error(), "unknown field") {
		return nil
	}
	return err
}

// prepared is a call made ready to be sent.
type prepared struct {
	*Call
	*method
	block []byte        // its fields that are always the same
	fixed []byte        // the message, with its prefix, where it is
	bound time.Duration // of its events; 0: as the target's calls
}

// prepare makes a call to a method ready, whose block of fields begins so.
func prepare(c *Call, m *method, block []byte) (*prepared, error) {
	if err := c.check(m); err != nil {
		return nil, fmt.Errorf("the message to %s: %w", c.rpc, err)
	}
	p := &prepared{Call: c, method: m, block: block}
	var err error
	if len(c.message.Refs()) == 0 {
		if p.fixed, err = m.encode(nil, c.json(nil, nil)); err != nil {
			return nil, err
		}
	}
	if len(c.holes.Refs()) == len(c.message.Refs()) { // none in the metadata
		p.block, err = p.fields(block, nil)
	}
	return p, err
}

// varies tells whether the metadata does.
func (p *prepared) varies() bool { return len(p.holes.Refs()) > len(p.message.Refs()) }

// fields appends the call's metadata with values in its holes.
func (p *prepared) fields(block []byte, args []value.Value) (_ []byte, err error) {
	for _, f := range p.metadata {
		if block, err = appendField(block, f.Name, f.Value.Append(nil, args, template.AsIs)); err != nil {
			return block, err
		}
	}
	return block, nil
}

// Bound has a stream be bounded from event to event.
func (p *prepared) Bound(d time.Duration) bool {
	p.bound = d
	return p.stream
}
