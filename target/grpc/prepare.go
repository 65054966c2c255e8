package grpc

import (
	"net/url"
	"time"

	"plimsoll/target/template"
)

// preparing makes calls ready for a target that is open.
type preparing struct {
	settings *Settings
	address  string
	timeout  time.Duration
	schema   schema
}

// call makes ready what a step asks.
func (p *preparing) call(call any) (any, error) {
	c, is := call.(*Call)
	if !is {
		return nil, errNoCall
	}
	ready, err := p.prepare(c)
	if err != nil { // which is none of the interface's
		return nil, err
	}
	return ready, nil
}

func (p *preparing) prepare(c *Call) (*prepared, error) {
	m, err := p.schema.method(c.rpc)
	if err != nil {
		return nil, err
	}
	scheme, timeout := "http", p.timeout
	if p.settings.TLS.Given {
		scheme = "https"
	}
	if m.stream {
		timeout = 0 // it bounds each event, and the server would take it for the whole
	}
	block := opening(scheme, p.address, m.path, timeout)
	for _, f := range p.settings.Metadata {
		if block, err = appendField(block, f.Name, f.Value.Append(nil, nil, template.AsIs)); err != nil {
			return nil, err
		}
	}
	return prepare(c, m, block)
}

// hostOf is HOST:PORT of a URL.
func hostOf(text string) string {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return u.Host
	}
	return text
}
