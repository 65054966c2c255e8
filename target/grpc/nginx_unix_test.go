//go:build unix

package grpc

import (
	nethttp "net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/real"
)

// Through a proxy it is the same: what the server saw is what is reported; one that
// stands still is a time-out, one with nobody behind it says so, and one that is gone
// is noticed.
func TestBehindNginx(t *testing.T) { byEach(t, testBehindNginx) }

func testBehindNginx(t *testing.T, engine string) {
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		if r.URL.Path == "/shop.Carts/Watch" {
			well(w, "0", m, m, m)
			return
		}
		well(w, "0", m)
	})
	address, signal := real.NginxOfGRPC(t, p.address)
	x := open(t, engine, address, call(t, "shop.Carts/Add", `{"name": "kite"}`), nil)
	classes := x.load(16, 400)
	if all, _, _ := p.seen(); classes[""] != 400 || len(all) != 400 {
		t.Errorf("%v, the server saw %d calls", classes, len(all))
	}
	watch, err := x.Prepare(call(t, "shop.Carts/Watch", `{"name": "kite"}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := x.call(target.Request{Call: watch}); !d.OK() || d.Parts.Stream.Events != 3 {
		t.Errorf("%+v", d.Outcome)
	}
	y := open(t, engine, address, call(t, "shop.Carts/Add", "{}"), func(s *Settings) { s.Timeout = 300 * time.Millisecond })
	signal(syscall.SIGSTOP)
	if classes := y.load(2, 4); classes[target.Timeout] != 4 {
		t.Errorf("with a frozen proxy: %v", classes)
	}
	signal(syscall.SIGCONT)
	if d := x.call(target.Request{}); !d.OK() {
		t.Errorf("when it goes on: %+v", d.Outcome)
	}
	lost, _ := real.NginxOfGRPC(t, gone(t))
	z := open(t, engine, lost, call(t, "shop.Carts/Add", "{}"), nil)
	if d := z.call(target.Request{}); d.Class != "grpc-UNAVAILABLE" {
		t.Errorf("with nobody behind it: %+v", d.Outcome)
	}
	signal(os.Kill)
	eventually(t, "the end of the proxy", func() bool {
		class := x.call(target.Request{}).Class
		return class == target.Connect
	})
}
