// Package websocket is the kind of target whose calls are a message over a
// WebSocket (RFC 6455), and the one that answers it.
package websocket

import (
	"context"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strconv"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/httpcall"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
)

// Settings are those of `websocket:`.
type Settings struct {
	// URL is where to connect to; empty where Serve is the server to start for
	// this run.
	URL          string
	Serve        *sim.Settings
	Headers      nethttp.Header // of the request that opens a connection
	Subprotocols []string
	client.Settings
	// Receivers are so many more connections that must get each message too.
	Receivers int
	// Own is the target's own call; nil: it is only asked by steps.
	Own *dialog.Call
	// Scrub takes secrets out of a text; nil: there are none.
	Scrub func(string) string `json:"-"`
}

// The numbers of a call's phases.
const (
	connect = iota
	secure
	upgrade
	firstReceiver
	lastReceiver
	allPhases
)

// Traits of the target.
func (s *Settings) Traits() kind.Traits {
	phases := []string{"connect", "tls", "upgrade", "first_receiver", "last_receiver"}
	if s.Receivers == 0 {
		phases = phases[:firstReceiver]
	}
	t := kind.Traits{
		Kind: "websocket", Action: dialog.Word, Operands: dialog.Operands(), Phases: phases,
		Timeout: s.Timeout, Exclusive: true, Places: s.Connections, Together: s.Together(), Modelled: s.Serve.Modelled(),
	}
	if s.Receivers > 0 {
		t.Together = append(t.Together, "receivers")
	}
	if s.Own != nil {
		t.Own = s.Own
	}
	if s.Serve != nil {
		t.CallTime, t.Known = s.Serve.CallTime("/"), true
	}
	return t
}

// Service is the server that the target starts for itself, if it does.
func (s *Settings) Service() (kind.Service, bool) {
	return kind.Service{Protocol: "websocket", Model: s.Serve, Broadcast: s.Receivers > 0}, s.Serve != nil
}

// Subject is whom the target's calls go to, without a password.
func (s *Settings) Subject() string {
	u, err := url.Parse(s.URL)
	if err != nil || s.URL == "" {
		return "websocket"
	}
	return u.Redacted()
}

// Open makes the target ready, and starts the server that it is to call.
func (s *Settings) Open(ctx context.Context, site kind.Site) (*kind.Opened, error) {
	here := *s
	here.TLS.Shook, here.Permit = site.Shook, site.Permit
	s = &here
	t := &Target{Settings: s, url: s.URL, observer: site.Observer}
	opened := &kind.Opened{
		Engine: "websocket", Timeout: s.Timeout, Retry: s.Retry, Err: kind.Never, Close: t.close,
		Divisible: true,
		Prepare:   prepare,
		Carrier: func(c target.Clock) (target.Carrier, error) {
			return client.Carry(t, c, t.pool.Leave), nil
		},
	}
	if own, has := s.Service(); has {
		served, err := site.Serve(ctx, own)
		if err != nil {
			return nil, err
		}
		t.url, opened.Err = served.URL(), served.Err
	}
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, err
		}
		t.args = own.Args
	}
	return opened, t.open()
}

// prepare takes what a step asks.
func prepare(call any) (any, error) {
	c, ok := call.(*dialog.Call)
	if !ok {
		return nil, fmt.Errorf("a websocket target sends messages, as in send: ping, and makes no call of %T", call)
	}
	return c, fits(c)
}

// fits tells why the target cannot be asked a call.
func fits(c *dialog.Call) error {
	if c.Receive.How == dialog.Close {
		return fmt.Errorf("over a WebSocket an answer is a message: leave receive out for the first that comes, or say which it is with {matches: EXPRESSION}")
	}
	return nil
}

// mostReceivers bounds how many more connections get each message.
const mostReceivers = 100_000

// written is the target as it stands in a file.
type written struct {
	client       client.Settings
	url          setting.At[string]
	serve        setting.At[sim.Settings]
	headers      []setting.Entry[setting.Several[string]]
	subprotocols setting.Several[string]
	receivers    int
}

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	fields := append([]setting.Field[written]{
		setting.Key("url", "Where to connect to: ws:// or wss://.", setting.Secret(setting.Located(setting.Text("a URL"))), func(w *written) *setting.At[string] { return &w.url }),
		setting.Key("serve", "Starts plimsoll's own echo server on 127.0.0.1 for this run, instead of `url`, with the delays of this model.", setting.Located(sim.Shape()), func(w *written) *setting.At[sim.Settings] { return &w.serve }),
		setting.Key("headers", "Header lines of the request that opens a connection: a name and its value, or a list of values.", setting.Secret(setting.Map("headers", setting.OneOrMore(setting.Text("the value of a header")))), func(w *written) *[]setting.Entry[setting.Several[string]] { return &w.headers }),
		setting.Key("subprotocols", "The subprotocols to offer, the best one first.", setting.OneOrMore(setting.Text("a subprotocol")), func(w *written) *setting.Several[string] { return &w.subprotocols }),
		setting.Key("receivers", "So many more connections must get each message too; the call ends when the last one has. Default: none.", setting.Count(1, mostReceivers), func(w *written) *int { return &w.receivers }),
	}, client.Fields(func(w *written) *client.Settings { return &w.client })...)
	return kind.Target("a websocket target", dialog.Action(), func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		return w.settings(r, at, own)
	}, fields...)
}

// settings fills the defaults in, and checks what one key alone cannot show.
func (w written) settings(r *setting.Reader, at setting.Pos, own kind.Call) (kind.Settings, bool) {
	if strings.HasPrefix(w.url.Value, "ws:") {
		w.client.Plain(r, "write wss:// in the URL, or leave tls out")
	}
	ok := w.client.Complete(r, w.serve.Given)
	s := &Settings{URL: w.url.Value, Settings: w.client, Receivers: w.receivers, Subprotocols: w.subprotocols.Values(), Scrub: r.Scrub}
	if w.serve.Given {
		s.Serve = &w.serve.Value
		ok = s.Serve.Served(r, w.serve.Pos) && ok
	}
	called := client.Called{Who: "a websocket target", Key: "url", Like: "ws:// or wss://", Own: "plimsoll's own echo server", Address: w.url, Served: w.serve.Given}
	ok = called.Complete(r, at, checkURL) && ok
	s.Headers = nethttp.Header{}
	for _, e := range w.headers {
		if err := checkHeader(e.Key, e.Value.Values(), s.Headers.Get(e.Key) != ""); err != nil {
			r.Problem(e.Pos, "%v", err)
			ok = false
		}
		for _, value := range e.Value.Values() {
			s.Headers.Add(e.Key, value)
		}
	}
	if own != nil {
		s.Own = own.(*dialog.Call)
		if err := fits(s.Own); err != nil {
			r.Problem(s.Own.Pos(), "%v", err)
			ok = false
		}
	}
	return s, ok
}

// checkHeader tells why a line cannot stand in the request.
func checkHeader(name string, values []string, twice bool) error {
	for _, value := range values {
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return fmt.Errorf("a header's value must be one line without control characters, found %q", value)
		}
	}
	switch canonical := nethttp.CanonicalHeaderKey(name); {
	case strings.HasPrefix(canonical, "Sec-Websocket-"), canonical == "Upgrade", canonical == "Connection":
		return fmt.Errorf("the header %s is the WebSocket's own: leave it out (subprotocols have a key of their own)", name)
	}
	return httpcall.CheckHeader(name, twice)
}

// checkURL tells why a text is no URL of a WebSocket.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no URL: %v", text, err)
	case u.Scheme == "http" || u.Scheme == "https":
		return fmt.Errorf("a WebSocket's URL begins with ws:// or wss://: write %s", "ws"+strings.TrimPrefix(text, "http"))
	case u.Scheme != "ws" && u.Scheme != "wss" || u.Opaque != "":
		return fmt.Errorf("%q is no URL of a WebSocket: write it in full, such as ws://127.0.0.1:8080/chat", text)
	case u.Hostname() == "":
		return fmt.Errorf("the URL %q names no host: write it in full, such as ws://127.0.0.1:8080/chat", text)
	case u.Fragment != "":
		return fmt.Errorf("the URL of a WebSocket has no fragment: leave #%s out", u.Fragment)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("the port %s of %q is out of range: from 1 to 65535", port, text)
		}
	}
	return nil
}
