package socket

import (
	"net"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/dialog"
	"plimsoll/target/look"
)

// Over UDP a datagram that is lost is a call that ends with its time; none is
// waited for where there is no answer.
func TestDatagrams(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	to := opened(t, conn.LocalAddr().String(), "ping", dialog.Receive{})
	if classes, _ := load(t, to, 2, 4, 100*time.Millisecond); classes[target.Timeout] != 4 {
		t.Errorf("lost datagrams: %v", classes)
	}
	silent := opened(t, conn.LocalAddr().String(), "ping", dialog.Receive{How: dialog.None})
	if classes, all := load(t, silent, 2, 4, 10*time.Second); classes[""] != 4 || all[0].Parts.Phases[firstByte] != target.None {
		t.Errorf("sent is done: %v", classes)
	}
	well := opened(t, echo(t), "ping", dialog.Receive{})
	if classes, _ := load(t, well, 8, 400, 10*time.Second); classes[""] != 400 {
		t.Errorf("%v", classes)
	}
}

// What a port says where nobody is: that there is no connection.
func TestNobody(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	to := opened(t, conn.LocalAddr().String(), "ping\n", dialog.Receive{})
	if classes, all := load(t, to, 2, 6, 2*time.Second); classes[target.Connect] != 6 || !strings.Contains(all[0].Example, "refused") {
		t.Errorf("%v, %+v", classes, all[0])
	}
}

// What comes late is not taken for the next call's answer.
func TestLateDatagramsMeetNobody(t *testing.T) {
	var late func()
	calls := 0
	to := opened(t, answering(t, func(_ string, say func(string)) {
		if calls++; calls == 1 {
			late = func() { say("late\n") }
			return
		}
		if late != nil {
			late()
			late = nil
			time.Sleep(20 * time.Millisecond)
		}
		say("right\n")
	}), "ping\n", dialog.Receive{})
	if classes, _ := load(t, to, 1, 1, 150*time.Millisecond); classes[target.Timeout] != 1 {
		t.Errorf("the answer that does not come: %v", classes)
	}
	if found := heard(t, to); found != "right\n" {
		t.Errorf("the next call gets %q", found)
	}
}

func TestLargeDatagrams(t *testing.T) {
	to := opened(t, echo(t), strings.Repeat("x", 60_000), dialog.Receive{})
	if got := heard(t, to); len(got) != 60_000 {
		t.Errorf("a datagram of %d bytes", len(got))
	}
}

// heard is the answer to a call.
func heard(t *testing.T, to *Target) string {
	t.Helper()
	message, err := look.Parse("message")
	if err != nil {
		t.Fatal(err)
	}
	out := once(t, to, target.Request{Want: []look.Operand{message}})
	if !out.OK() {
		t.Fatal(out.Class, out.Example)
	}
	return out.Found[0].Text
}
