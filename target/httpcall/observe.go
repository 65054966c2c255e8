package httpcall

import (
	"bytes"
	"net/url"

	"plimsoll/target/look"
	"plimsoll/target/value"
)

// tellSent shows the message to whoever watches.
func (c *Course) tellSent() {
	m := &c.Message
	c.observer.Sent(c.number, m.url(), m.Bytes[:m.Head], m.Bytes[m.Head:])
}

func (m *Message) url() string { return m.Scheme + "://" + m.named + string(m.Target) }

// Tell shows the target's own request to whoever watches, if anybody does: its
// text, the body that may be sent later, and the server that it goes to.
func (c *Course) Tell(text, later []byte, server string) {
	if c.observer == nil {
		return
	}
	head, body, _ := bytes.Cut(text, []byte("\r\n\r\n"))
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	asked := ""
	if words := bytes.Fields(line); len(words) > 1 {
		asked = string(words[1])
	}
	c.observer.Sent(c.number, server+asked, head, append(body[:len(body):len(body)], later...))
}

// tellAnswered shows the answer, its body as it is looked into.
func (r *Reader) tellAnswered(c *Course, head []byte, status int) {
	a, err := look.Answer{Status: status, Head: head, Body: c.body}, error(nil)
	if encodings := Encodings(head); encodings != "" && len(c.body) > 0 {
		a.Body, err = r.decode(c, encodings)
	}
	c.observer.Answered(c.number, &a, err)
}

// Show is the request that becomes of the call with these values, without the
// cookies that are kept.
func (p *Prepared) Show(args []value.Value) (url string, head, body []byte, err error) {
	var m Message
	if err := p.begin(&m, args); err != nil {
		return "", nil, nil, err
	}
	err = p.render(&m, args, 0, nil)
	return m.url(), m.Bytes[:m.Head], m.Bytes[m.Head:], err
}

// Show is the request as a server without a name would be sent it, the path in
// the place of a URL.
func (c *Call) Show(args []value.Value) (path string, head, body []byte, err error) {
	anywhere := &Server{Base: &url.URL{Scheme: "http", Host: "simulated"}}
	_, head, body, err = anywhere.Prepare(c).Show(args)
	return string(c.Target(nil, args)), head, body, err
}
