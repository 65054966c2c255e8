//go:build unix

package nats

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"plimsoll/target"
)

// info is how a broker greets.
const info = `INFO {"server_id":"X","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}` + "\r\n"

// strange is a server that greets so, and answers each line that a client sends.
type strange struct {
	greeting string
	says     func(line string) (answer string, more bool)
}

func (s strange) serve(t *testing.T) (url string, open func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var at sync.WaitGroup
	var conns atomic.Int64
	t.Cleanup(at.Wait)
	t.Cleanup(func() { listener.Close() })
	at.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			at.Go(func() {
				defer conns.Add(-1)
				defer c.Close()
				_, _ = c.Write([]byte(s.greeting))
				for in := bufio.NewReader(c); ; {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					answer, more := s.says(line)
					if _, _ = c.Write([]byte(answer)); !more {
						return
					}
				}
			})
		}
	})
	return "nats://" + listener.Addr().String(), func() int { return int(conns.Load()) }
}

// openAt makes a target ready at a URL.
func openAt(t *testing.T, url, text string) (*broker, error) {
	t.Helper()
	return open(t, fmt.Sprintf("{url: %q, %s}", url, text))
}

// polite is what a broker says, but to what is published.
func polite(published string, more bool) func(string) (string, bool) {
	return func(line string) (string, bool) {
		switch {
		case strings.HasPrefix(line, "PING"):
			return "PONG\r\n", true
		case strings.HasPrefix(line, "PUB"), strings.HasPrefix(line, "HPUB"):
			return published, more
		}
		return "", true
	}
}

// A server that is no broker, or ceases to be one: every call ends soon with its
// class, and no connection is left.
func TestMalformedAnswers(t *testing.T) {
	const http = "HTTP/1.1 400 Bad Request\r\n\r\n"
	says := func(text string) func(string) (string, bool) {
		return func(string) (string, bool) { return text, true }
	}
	for name, c := range map[string]struct {
		server       strange
		class, words string
	}{
		"no greeting":           {strange{http, says("")}, target.Body, "INFO"},
		"half a greeting":       {strange{"INFO {\"server_id\":\r\n", says("")}, target.Body, "JSON"},
		"garbage for a PONG":    {strange{info, says(http)}, target.Body, "HTTP/1.1 400"},
		"garbage for an answer": {strange{info, polite(http, true)}, target.Body, "TTP/1.1 400"},
		"half an answer":        {strange{info, polite("MSG _INBOX", false)}, target.Reset, ""},
		"a wrong size":          {strange{info, polite("MSG a 1 x\r\n", true)}, target.Body, "Size"},
		"closed for an answer":  {strange{info, polite("", false)}, target.Reset, ""},
	} {
		t.Run(name, func(t *testing.T) {
			url, open := c.server.serve(t)
			b, err := openAt(t, url, `publish: x, subject: a.b, wait_for: replied, timeout: 20s`)
			must(t, b, err)
			began := time.Now()
			for i, out := range b.calls(t, 6, 2) {
				if out.Class != c.class || !strings.Contains(out.Example, c.words) {
					t.Errorf("call %d: %s %q", i, out.Class, out.Example)
				}
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("took %v", took)
			}
			b.close()
			for until := time.Now().Add(10 * time.Second); open() > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(until) {
					t.Fatalf("%d connections are left", open())
				}
			}
		})
	}
}

// A broker that takes no more connections refuses the calls that need one; those
// that have one go on, and so do all when there is room again.
func TestConnectionLimit(t *testing.T) {
	s := start(t, "max_connections: 4")
	admin := s.admin(t)
	asked, release := make(chan struct{}, 100), make(chan struct{})
	if _, err := admin.Subscribe("slow", func(m *nats.Msg) {
		asked <- struct{}{}
		go func() { <-release; _ = m.Respond(nil) }()
	}); err != nil {
		t.Fatal(err)
	}
	_ = admin.Flush()
	b, err := openAt(t, s.url, `publish: x, subject: slow, wait_for: replied`)
	must(t, b, err)
	const n = 10
	ended := make(chan []target.Outcome)
	go func() { ended <- b.calls(t, n, n) }()
	for range 3 { // the fourth connection is the test's own
		<-asked
	}
	close(release)
	classes := map[string]int{}
	for _, out := range <-ended {
		if classes[out.Class]++; !out.OK() && !strings.Contains(out.Example, "maximum connections exceeded") {
			t.Errorf("%+v", out)
		}
	}
	if classes[""] < 3 || classes[""]+classes["nats-maximum-connections"] != n {
		t.Errorf("%v", classes)
	}
	expect(t, b.calls(t, 30, 3), "")
}
