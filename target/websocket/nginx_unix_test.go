//go:build unix

package websocket

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/real"
)

// Through a proxy it is the same: what the server saw is what is reported; one
// that is gone behind it is its answer, and one that is gone itself is noticed.
func TestBehindNginx(t *testing.T) {
	s := serve(t, false, say)
	upstream := strings.TrimPrefix(s.URL, "http://")
	address, signal := real.Nginx(t, upstream, `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`)
	to := opened(t, "ws://"+address+"/chat", "ping ${n}", nil)
	classes, _ := load(t, to, 4, 200, 20*time.Second)
	s.settle()
	if classes[""] != 200 || s.asked != 200 || s.accepted != 4 {
		t.Errorf("%v; %d asked over %d connections", classes, s.asked, s.accepted)
	}
	signal(syscall.SIGSTOP)
	if classes, _ := load(t, to, 2, 4, 300*time.Millisecond); classes[target.Timeout] != 4 {
		t.Errorf("with a frozen proxy: %v", classes)
	}
	signal(syscall.SIGCONT)
	if classes, _ := load(t, to, 2, 4, 20*time.Second); classes[""] != 4 {
		t.Errorf("when it goes on: %v", classes)
	}
	s.stop()
	time.Sleep(20 * time.Millisecond)
	if classes, all := load(t, to, 2, 4, 20*time.Second); classes["status-502"] != 4 {
		t.Errorf("with nobody behind it: %v, %s", classes, all[0].Example)
	}
	signal(os.Kill)
	gone := 0
	for until := time.Now().Add(10 * time.Second); gone == 0 && time.Now().Before(until); {
		classes, _ := load(t, to, 2, 4, 20*time.Second)
		gone = classes[target.Connect]
	}
	if gone == 0 {
		t.Error("a proxy that is killed is never noticed")
	}
}
