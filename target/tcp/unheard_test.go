package tcp

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
)

// A message that nothing answers has been sent when all of it has left, over TLS,
// too, whose last record may wait here.
func TestAllOfAMessageIsSentOverTLS(t *testing.T) {
	got := make(chan int64, 1)
	address := secured(t, func(c net.Conn) {
		first := make([]byte, 1)
		_, _ = c.Read(first)
		time.Sleep(20 * time.Millisecond)
		n, _ := io.Copy(io.Discard, c)
		got <- n + 1
	})
	x := over(t, "", address, func(s *Settings) { trusting(s); unheard(s); s.Reuse = client.Never })
	for size := 3_800_000; size < 4_100_000; size += 5_000 {
		large := call(t, strings.Repeat("x", size)+"\n", dialog.Receive{How: dialog.None})
		d := x.call(t, target.Request{Number: 1, Call: large})
		if seen := <-got; !d.OK() || seen != d.BytesOut || seen != int64(size)+1 {
			t.Errorf("of %d bytes %d are told to have been sent, and the server saw %d: %s", size+1, d.BytesOut, seen, d.Class)
		}
	}
}
