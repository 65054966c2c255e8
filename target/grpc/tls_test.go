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
