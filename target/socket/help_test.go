package socket

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/value"
	"plimsoll/target/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is a target of datagrams, whose own call sends a text.
func opened(t testing.TB, address, text string, receive dialog.Receive) *Target {
	t.Helper()
	own, err := dialog.Say(text, receive)
	if err != nil {
		t.Fatal(err)
	}
	s := &Settings{Network: "udp", Address: address, Own: own}
	s.Timeout = 5 * time.Second
	to := &Target{Settings: s, address: address, args: func(*target.Request) []value.Value { return nil }}
	if err := to.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.close)
	return to
}

// load makes calls as a load does, and gives up those that take longer than the
// patience.
func load(t *testing.T, to *Target, inFlight, n int, patience time.Duration) (classes map[string]int, all []target.Done) {
	t.Helper()
	clock := wait.NewDoze(0)
	defer clock.Close()
	carrier := client.Carry(to, clock, to.pool.Leave)
	defer carrier.Close()
	classes = map[string]int{}
	sent, due := 0, map[target.ID]time.Duration{}
	send := func(slot int) {
		id := target.NewID(uint32(slot), uint64(sent))
		now := clock.Now()
		carrier.Send(id, &target.Request{Number: uint64(sent), User: uint32(slot)}, now)
		due[id] = now + patience
		sent++
	}
	for slot := range min(inFlight, n) {
		send(slot)
	}
	for len(all) < n {
		now := clock.Wait(clock.Now() + patience/4)
		for d, _ := carrier.Take(now); d != nil; d, _ = carrier.Take(now) {
			all = append(all, *d)
			delete(due, d.ID)
			class := d.Class
			if class == target.Cancelled {
				class = target.Timeout
			}
			classes[class]++
			if sent < n {
				send(int(d.ID.Slot()))
			}
		}
		for id, at := range due {
			if now > at {
				carrier.Cancel(id, now)
				due[id] = now + time.Hour
			}
		}
	}
	return classes, all
}

// once makes one call, which is given up after a while.
func once(t *testing.T, to *Target, r target.Request) target.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return to.Call(ctx, &r)
}

// echo says back what comes.
func echo(t testing.TB) (address string) {
	return answering(t, func(text string, say func(string)) { say(text) })
}

// answering does that with each datagram.
func answering(t testing.TB, does func(text string, say func(string))) (address string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		buffer := make([]byte, largest)
		for {
			n, from, err := conn.(*net.UDPConn).ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			does(string(buffer[:n]), func(text string) { _, _ = conn.(*net.UDPConn).WriteToUDPAddrPort([]byte(text), from) })
		}
	}()
	t.Cleanup(func() { conn.Close(); <-over })
	return conn.LocalAddr().String()
}
