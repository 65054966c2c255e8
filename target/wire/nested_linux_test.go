package wire_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// A server asks for a body, answers without waiting for it, and is gone: all of that
// is there when the client looks, who cannot send the body any more, and reads the
// answer while it still reads what asked for the body.
func TestAnAnswerIsReadWithinARead(t *testing.T) {
	const size = 40_000
	asked, answers, answered := make(chan bool, 1), make(chan bool), make(chan bool)
	script := func(p *peer) {
		_, _ = http.ReadRequest(p.in)
		asked <- true
		<-answers
		p.say("HTTP/1.1 100 Continue\r\n\r\n")
		p.say(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", ok, size, strings.Repeat("0123456789", size/10)))
		p.reset()
		answered <- true
	}
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("secured: %v", secured), func(t *testing.T) {
			var config *tls.Config
			address := ""
			if secured {
				address, config = secure(t, script)
			} else {
				address = serve(t, script)
			}
			e := kind(wire.Epoll).open(t, address, func(o *Options) {
				o.Options.TLS = config
				put := ask("PUT", "")
				put.Bytes, put.Later = []byte("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"), []byte("hello")
				o.Requests = []http1.Request{put}
			})
			e.carrier.(*wire.Engine).ReadsInto(1000)
			e.Send(0, 0, e.now())
			e.pass(t, "it is asked", func() bool { return len(asked) == 1 })
			<-asked
			answers <- true
			<-answered
			done := collect(t, e, 1)[0]
			if !done.OK() || done.BytesIn < size {
				t.Errorf("%+v", done)
			}
		})
	}
}
