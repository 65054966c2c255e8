package grpc

import (
	"io"
	"log"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/client"
)

// Over TLS calls are the same, as far as the server is trusted.
func TestTLS(t *testing.T) {
	calls := 0
	s := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		calls++
		if r.ProtoMajor != 2 {
			t.Error(r.Proto)
		}
		well(w, "0", body[prefix:])
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	address := strings.TrimPrefix(s.URL, "https://")
	trusting := open(t, "", address, call(t, "shop.Carts/Add", `{"name": "kite"}`), func(s *Settings) {
		s.TLS = client.TLS{Given: true, Insecure: true}
	})
	for n := range 3 {
		if d := trusting.call(target.Request{Number: uint64(n), Want: wants(t, "json.name")}); !d.OK() || d.Found[0].Text != "kite" {
			t.Errorf("%+v", d.Outcome)
		}
	}
	wary := open(t, "", address, call(t, "shop.Carts/Add", "{}"), func(s *Settings) { s.TLS = client.TLS{Given: true} })
	if d := wary.call(target.Request{}); d.Class != target.TLS || !strings.Contains(d.Example, "certificate") || calls != 3 {
		t.Errorf("%+v, %d calls", d.Outcome, calls)
	}
}

// A server that speaks something else than it is spoken to is told of, with what would
// be right.
func TestUnheard(t *testing.T) {
	of := func(secure, http2 bool) string {
		s := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) {}))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Config.Protocols = new(nethttp.Protocols)
		s.Config.Protocols.SetHTTP1(!http2)
		s.Config.Protocols.SetHTTP2(http2)
		s.Config.Protocols.SetUnencryptedHTTP2(http2)
		s.EnableHTTP2 = http2
		if secure {
			s.StartTLS()
		} else {
			s.Start()
		}
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	for _, c := range []struct {
		address string
		tls     bool
		want    string
	}{
		{of(true, true), false, "it speaks TLS: write tls: {} (bench: grpcs://127.0.0.1:"},
		{of(true, false), false, "it speaks TLS: write tls: {} (bench: grpcs://127.0.0.1:"},
		{of(false, true), true, "it speaks no TLS: leave tls out (bench: grpc://127.0.0.1:"},
		{of(false, false), true, "it speaks no TLS: leave tls out (bench: grpc://127.0.0.1:"},
		{of(false, false), false, "what it answers is no HTTP/2"},
		{of(true, false), true, "no HTTP/2, over which gRPC goes (ALPN)"},
		{gone(t), false, "does not tell what shop.Carts is (reflection): connection refused"},
	} {
		x := open(t, "", c.address, nil, func(s *Settings) {
			s.Schema, s.TLS = Schema{}, client.TLS{Given: c.tls, Insecure: true}
		})
		if _, err := x.Prepare(call(t, "shop.Carts/Add", "{}")); err == nil || !strings.HasPrefix(err.Error(), c.address) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
