// Package dialog is about what is said over connections that have no requests
// and answers of their own: what is sent, and which of what comes then is the
// answer. Kinds tcp, udp and websocket have it in common.
package dialog

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"plimsoll/target/plain"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Call is a message, and what ends the answer to it.
type Call struct {
	Receive Receive

	pos    setting.Pos
	name   string
	text   template.Template // where there is no
	fixed  []byte            // message that is always the same
	binary bool
	holes  template.Holes
}

// Name is the message as it is written.
func (c *Call) Name() string { return c.name }

// Refs are what the message's holes stand for.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// Pos is where the call stands in the file.
func (c *Call) Pos() setting.Pos { return c.pos }

// Binary tells that the message is no text.
func (c *Call) Binary() bool { return c.binary }

// Append writes the message out with values in its holes.
func (c *Call) Append(dst []byte, args []value.Value) []byte {
	if c.fixed != nil {
		return append(dst, c.fixed...)
	}
	return c.text.Append(dst, args, template.AsIs)
}

// Show is the message with these values.
func (c *Call) Show(args []value.Value) (line string, _, body []byte, _ error) {
	return "send", nil, c.Append(nil, args), nil
}

// Fixed is the message, where it is always the same; nil: it is not.
func (c *Call) Fixed() []byte { return c.fixed }

// How is how the end of an answer is told.
type How uint8

// The ways to tell it.
const (
	Unsaid  How = iota // as the kind has it: a message, a datagram
	Bytes              // it has so many
	Until              // it ends so
	Matches            // what has come matches
	Close              // the other side closes the connection
	None               // there is none: to have sent is all
)

// Receive is what ends an answer.
type Receive struct {
	How   How
	Bytes int
	Until []byte
	RE    *regexp.Regexp
}

// String is how it is written.
func (r *Receive) String() string {
	switch r.How {
	case Bytes:
		return fmt.Sprintf("bytes: %d", r.Bytes)
	case Until:
		return fmt.Sprintf("until: %q", r.Until)
	case Matches:
		return fmt.Sprintf("matches: %q", r.RE)
	case Close:
		return "close: true"
	case None:
		return "none"
	}
	return "receive"
}

// longestName is how many bytes of a message are its call's name.
const longestName = 60

// message is what is to be sent, as it is read.
type message struct {
	name   string
	text   template.Template
	fixed  []byte
	binary bool
}

// readHex reads bytes that are written in hexadecimal digits, with blanks between
// them or not.
func readHex(text string) ([]byte, error) {
	digits := strings.Join(strings.Fields(text), "")
	b, err := hex.DecodeString(digits)
	switch {
	case strings.Contains(text, "${"):
		return nil, fmt.Errorf("bytes in hexadecimal are always the same: write a text where ${…} stands in it")
	case err == hex.ErrLength:
		return nil, fmt.Errorf("%q has an odd number of digits: write two for each byte, such as 0a for a line's end", plain.Clip(text, longestName))
	case err != nil:
		return nil, fmt.Errorf("%q is not hexadecimal: write two digits from 0 to f for each byte, such as \"48 69 0a\"", plain.Clip(text, longestName))
	}
	return append([]byte{}, b...), nil
}

// Say is a call that sends a text, in which ${…} stand for values.
func Say(text string, receive Receive) (*Call, error) {
	c := &Call{Receive: receive, name: named(text)}
	var err error
	c.text, err = c.holes.Parse(text)
	c.fix()
	return c, err
}

// fix writes the message out where it is always the same.
func (c *Call) fix() {
	if text, constant := c.text.Constant(); constant && c.fixed == nil {
		c.fixed = append([]byte{}, text...)
	}
}
