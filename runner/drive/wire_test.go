package drive_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// Calls over connections of our own that nobody answers are given up when the
// drain is over: each of them ends, as cancelled.
func TestDrainGivesUpCallsOnTheWire(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var silent sync.WaitGroup
	silent.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			silent.Go(func() { _, _ = io.Copy(io.Discard, conn); _ = conn.Close() })
		}
	})
	defer silent.Wait()
	defer listener.Close()

	const calls = 4
	server, err := wire.Open(wire.Sockets, wire.Options{Host: listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	clock := wait.NewDoze(wait.DefaultSpin)
	defer clock.Close()
	codec := http1.NewCodec(http1.Options{
		Requests: []http1.Request{{Request: wire.Request{Bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}}},
		Accepts:  func(int) bool { return true },
		Example:  func(_ uint64, _ *httpcall.Prepared, class string, _ http1.Seen) string { return class },
	}, false)
	carrier, err := server.Carrier(codec, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	clock.Align(time.Now())
	loop := drive.Loop{
		Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: 50 * time.Millisecond, Requests: calls}, Users: calls}, schedule.StopOn{}),
		Clock:    clock, Carrier: carrier, Recorder: drive.NewRecorder(50*time.Millisecond, nil),
		Until: 50 * time.Millisecond, Drain: 50 * time.Millisecond, Stop: &drive.Stop{},
	}
	end := loop.Run()
	rec := loop.Recorder
	if end.Err != nil || rec.Cancelled != rec.Started() || rec.Started()+rec.Dropped != calls || rec.Started() == 0 {
		t.Errorf("%+v: %d started, %d cancelled, %d dropped", end, rec.Started(), rec.Cancelled, rec.Dropped)
	}
}
