package redis

import (
	"net"
	"sync"
	"testing"
	"time"

	"plimsoll/target/resp"
)

// bare is the least that a client in Go can do: each goroutine writes a command
// and reads the reply, over a connection of its own.
func bare(t testing.TB, address string, atOnce, calls int, took func(time.Duration)) {
	t.Helper()
	var workers sync.WaitGroup
	var mu sync.Mutex
	command := resp.Command("GET", "k")
	for range atOnce {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		workers.Go(func() {
			defer conn.Close()
			times := make([]time.Duration, 0, calls/atOnce)
			buffer := make([]byte, 4096)
			var p resp.Parser
			for range calls / atOnce {
				p.Reset(0)
				began := time.Now()
				_, err := conn.Write(command)
				for done := false; !done && err == nil; {
					var n int
					if n, err = conn.Read(buffer); err == nil {
						_, done, err = p.Feed(buffer[:n])
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
				times = append(times, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			for _, d := range times {
				took(d)
			}
		})
	}
	workers.Wait()
}
