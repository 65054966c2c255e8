package http

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/delay"
	"plimsoll/target/plain"
	"plimsoll/target/serve"
	"plimsoll/target/sim"
)

// fault is a server that misbehaves, and what we should say to that.
type fault struct {
	name    string
	url     func(*testing.T) string
	change  func(*Settings)
	class   string
	example string // part of it
}

func byScript(script func(*net.TCPConn, int) bool) func(*testing.T) string {
	return func(t *testing.T) string { return scripted(t, script) }
}

func byStatus(handle nethttp.HandlerFunc) func(*testing.T) string {
	return func(t *testing.T) string { return newServer(t, false, nil, handle).URL }
}

func overTLS(t *testing.T) string { return newServer(t, true, nil, nil).URL }

// untilGivenUp is a script that keeps silent until the client leaves.
func untilGivenUp(c *net.TCPConn, _ int) bool {
	_, _ = c.Read(make([]byte, 1))
	return false
}

func soon(s *Settings) { s.Timeout = 500 * time.Millisecond }

var faults = []fault{
	{"refused", func(t *testing.T) string { return "http://" + refusing(t) }, nil, target.Connect, "connection refused"},
	{"unknown host", func(*testing.T) string { return "http://nobody.invalid/" }, nil, target.DNS, "nobody.invalid"},
	{"no host at all over TLS", func(*testing.T) string { return "https://nobody.invalid/" }, nil, target.DNS, "nobody.invalid"},

	{"closed instead of an answer", byScript(says("")), nil, target.Reset, "closed"},
	{"closed in the head", byScript(says("HTTP/1.1 200 OK\r\nServer: x\r\n")), nil, target.Reset, "closed"},
	{"reset instead of an answer", byScript(breaksOff("")), nil, target.Reset, "reset"},
	{"reset in the head", byScript(breaksOff("HTTP/1.1 200 OK\r\nServer: x\r\n")), nil, target.Reset, ""},
	{"reset in the body", byScript(breaksOff("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")), nil, target.Reset, "reset"},
	{"reset in a chunked body", byScript(breaksOff("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")), nil, target.Reset, "reset"},

	{"body shorter than announced", byScript(says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")), nil, target.Body, "5 of 100 bytes"},
	{"body without its last chunk", byScript(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")), nil, target.Body, "after 5 bytes"},
	{"chunks that are none", byScript(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")), nil, target.Body, "chunk"},
	{"no HTTP", byScript(says("SSH-2.0-OpenSSH_9.9\r\n\r\n")), nil, target.Body, "malformed"},
	{"malformed header", byScript(says("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")), nil, target.Body, "malformed"},
	{"text missing", byStatus(func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = w.Write([]byte("sold out")) }),
		func(s *Settings) { s.Success.Contains = "in stock" }, target.Body, `does not contain "in stock"`},

	{"silent", byScript(untilGivenUp), soon, target.Timeout, "no answer within 500ms"},
	{"slow body", byScript(func(c *net.TCPConn, _ int) bool {
		says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")(c, 0)
		return untilGivenUp(c, 0)
	}), soon, target.Timeout, "no end of the body within 500ms"},

	{"not found", byStatus(nethttp.NotFound), nil, "status-404", "404 Not Found: 404 page not found"},
	{"redirect", byStatus(func(w nethttp.ResponseWriter, r *nethttp.Request) { nethttp.Redirect(w, r, "/elsewhere", 302) }), nil, "status-302", "302 Found, redirects are not followed: Location: /elsewhere"},
	{"busy", byStatus(func(w nethttp.ResponseWriter, _ *nethttp.Request) { nethttp.Error(w, "try\nlater", 503) }), nil, "status-503", "503 Service Unavailable: try later"},
	{"unwanted success", byStatus(nil), func(s *Settings) { s.Success.Status = []StatusRange{{201, 204}} }, "status-200", "200 OK"},
	{"another protocol", byScript(says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")), nil, "status-101", "101 Switching"},

	{"self-signed", overTLS, nil, target.TLS, "certificate"},
	{"self-signed, HTTP/2", overTLS, func(s *Settings) { s.Protocol = "auto" }, target.TLS, "certificate"},
	{"another's certificate", overTLS, func(s *Settings) { s.TLS.ServerName = "else.example" }, target.TLS, "certificate"},
	{"TLS to a server without", func(t *testing.T) string {
		return strings.Replace(newServer(t, false, nil, nil).URL, "http:", "https:", 1)
	}, nil, target.TLS, "does not speak TLS here"},
	{"closed in the handshake", func(t *testing.T) string {
		return strings.Replace(scripted(t, answers), "http:", "https:", 1)
	}, nil, target.TLS, "closed the connection in the TLS handshake"},
	{"no HTTP/2 over TLS", overTLS, func(s *Settings) { s.Protocol, s.TLS.Insecure = "2", true }, target.TLS, "does not offer HTTP/2"},
	{"no HTTP/2", byScript(answers), func(s *Settings) { s.Protocol = "2" }, target.Body, "HTTP/1.1"},
}

// Each fault has its class and a message for people, ends the call in time,
// and is counted as one attempt.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			began := time.Now()
			out := open(t, f.url(t), f.change).Call(t.Context(), nth(0))
			if out.Class != f.class || !strings.Contains(out.Example, f.example) {
				t.Errorf("class %s, %q; want %s, %q", out.Class, out.Example, f.class, f.example)
			}
			if !strings.HasPrefix(out.Example, "GET http") || len(out.Example) > 200 || !utf8.ValidString(out.Example) || strings.ContainsAny(out.Example, "\r\n") {
				t.Errorf("no message for people: %q", out.Example)
			}
			if out.Attempts != 1 || out.Ended.Before(began) || out.Ended.After(time.Now()) || out.Held != 0 {
				t.Errorf("outcome %+v", out)
			}
			t.Log(out.Example)
		})
	}
}

func TestCancelled(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	silent := scripted(t, func(*net.TCPConn, int) bool { <-over; return false })
	for name, change := range map[string]func(*Settings){
		"while it waits for the answer": nil,
		"at the timeout's own time":     func(s *Settings) { s.Timeout = 50 * time.Millisecond },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		out := open(t, silent, change).Call(ctx, nth(0))
		cancel()
		if out.Class != target.Cancelled || time.Since(began) > 20*time.Second {
			t.Errorf("%s: %+v after %v", name, out, time.Since(began))
		}
	}
}

// A server that is killed ends every call, each with an error of the
// connection, whatever it was doing.
func TestServerKilledHalfWay(t *testing.T) {
	child, err := serve.Start(t.Context(), serve.Options{Settings: sim.Settings{Delay: delay.Of(5 * time.Millisecond)}},
		serve.Command{Path: os.Args[0], Env: []string{role + "=child"}})
	if err != nil {
		t.Fatal(err)
	}
	shop := open(t, child.URL(), nil)
	var mu sync.Mutex
	classes := map[string]int{}
	count := func(class string) (failures int) {
		mu.Lock()
		defer mu.Unlock()
		classes[class]++
		return classes[target.Reset] + classes[target.Connect]
	}
	served := make(chan struct{})
	var once sync.Once
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for n := uint64(0); ; n++ {
				out := shop.Call(t.Context(), nth(n))
				if failures := count(out.Class); failures > 100 || !out.OK() && failures == 0 {
					return
				}
				if n == 5 {
					once.Do(func() { close(served) })
				}
			}
		})
	}
	<-served
	child.Close()
	callers.Wait()
	if classes[""] == 0 || classes[target.Connect] == 0 {
		t.Errorf("classes %v: want successes, then refused connections", classes)
	}
	delete(classes, "")
	delete(classes, target.Connect)
	delete(classes, target.Reset)
	if len(classes) > 0 {
		t.Errorf("and besides %v", classes)
	}
}

// With mutual TLS the certificates of both sides are checked.
func TestMutualTLS(t *testing.T) {
	der, key := selfSigned(t)
	clients := x509.NewCertPool()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	clients.AddCert(certificate)
	for _, version := range []string{"1.1", "2", "auto"} {
		s := newServer(t, true, func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.Config.Protocols.SetHTTP2(true)
			s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
		}, nil)
		trusting := func(set *Settings) {
			set.Protocol, set.TLS.CA = version, s.authority(t)
		}
		known := func(set *Settings) {
			trusting(set)
			set.TLS.Cert, set.TLS.Key = writePEM(t, "cert.pem", "CERTIFICATE", der), writePEM(t, "key.pem", "PRIVATE KEY", key)
		}
		if out := open(t, s.URL, known).Call(t.Context(), nth(0)); !out.OK() {
			t.Errorf("HTTP %s, with a certificate: %+v", version, out)
		}
		// The refusal comes after the handshake, and may be overtaken by the
		// connection's end.
		if out := open(t, s.URL, trusting).Call(t.Context(), nth(0)); out.Class != target.TLS && out.Class != target.Reset {
			t.Errorf("HTTP %s, without a certificate: %+v", version, out)
		}
	}
}

func selfSigned(t *testing.T) (der, key []byte) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	if der, err = x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair); err != nil {
		t.Fatal(err)
	}
	if key, err = x509.MarshalPKCS8PrivateKey(pair); err != nil {
		t.Fatal(err)
	}
	return der, key
}

func TestBadSettingsAreErrorsOfOpen(t *testing.T) {
	junk := writePEM(t, "junk.pem", "JUNK", []byte("junk"))
	for want, s := range map[string]Settings{
		"at least one request": {},
		"such as http://":      {Calls: []Request{{URL: "/relative"}}},
		"no-such.pem":          {Calls: []Request{{URL: "http://x"}}, Settings: client.Settings{TLS: client.TLS{CA: "no-such.pem"}}},
		"no certificate":       {Calls: []Request{{URL: "http://x"}}, Settings: client.Settings{TLS: client.TLS{CA: junk}}},
		"belong together":      {Calls: []Request{{URL: "http://x"}}, Settings: client.Settings{TLS: client.TLS{Cert: junk}}},
		"client certificate":   {Calls: []Request{{URL: "http://x"}}, Settings: client.Settings{TLS: client.TLS{Cert: junk, Key: junk}}},
	} {
		if _, err := Open(s, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// What came from the environment must not show up in a message: not as part
// of the URL, not in what the server says, and not cut in two.
func TestSecretsStayOutOfExamples(t *testing.T) {
	const secret = "s3cr3t-token/with more"
	for _, padding := range []int{0, 60, 115, 120, 125, 130, 135, 180, 990} {
		s := newServer(t, false, nil, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			nethttp.Error(w, strings.Repeat("x", padding)+r.Header.Get("X-Key")+" "+r.URL.Query().Get("key"), 403)
		})
		out := open(t, s.URL+"/items?key="+strings.NewReplacer("/", "%2F", " ", "%20").Replace(secret), func(s *Settings) {
			s.Calls[0].Headers = []Header{{"X-Key", secret}}
			s.Scrub = func(text string) string { return strings.ReplaceAll(text, secret, "${KEY}") }
		}).Call(t.Context(), nth(0))
		if out.Class != "status-403" || strings.Contains(out.Example, "s3cr3t") {
			t.Errorf("%s: %q", out.Class, out.Example)
		}
		if !strings.Contains(out.Example, "${KEY}") {
			t.Errorf("the URL's own is missing: %q", out.Example)
		}
	}
}

func TestClipKeepsWholeCharactersOnOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"short":                            "short",
		"  two\r\n\tlines\x00\x1b ":        "two lines",
		strings.Repeat("x", 20):            strings.Repeat("x", 20),
		strings.Repeat("x", 21):            strings.Repeat("x", 17) + "…",
		strings.Repeat("x", 16) + "äöüß":   strings.Repeat("x", 16) + "…",
		"bad \xff byte":                    "bad � byte",
		strings.Repeat("\u2028", 50) + "x": "x",
	} {
		if got := plain.Clip(text, 20); got != want || len(got) > 20 {
			t.Errorf("plain.Clip(%q) = %q, want %q", text, got, want)
		}
	}
}

// Whatever a server sends, a call ends with a class of its own and a message
// for people.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"HTTP/1.0 204 \r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 999 \xff\x00\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "HTTP/2.0 200 OK\r\n\r\n", "\x16\x03\x01\x02\x00",
	} {
		f.Add([]byte(seed))
	}
	var answer atomic.Value
	url := scripted(f, func(c *net.TCPConn, n int) bool { return says(answer.Load().(string))(c, n) })
	f.Fuzz(func(t *testing.T, text []byte) {
		answer.Store(string(text))
		out := open(t, url, func(s *Settings) { s.Timeout = time.Second }).Call(t.Context(), nth(0))
		if out.OK() != (out.Example == "") || out.Attempts != 1 || out.BytesIn < 0 {
			t.Errorf("%+v", out)
		}
		if len(out.Example) > 200 || !utf8.ValidString(out.Example) || strings.ContainsAny(out.Example, "\r\n\x00\x1b") {
			t.Errorf("no message for people: %q", out.Example)
		}
		switch {
		case out.OK(), strings.HasPrefix(out.Class, "status-"), out.Class == target.Body, out.Class == target.Reset:
		default:
			t.Errorf("class %s: %s", out.Class, out.Example)
		}
	})
}
