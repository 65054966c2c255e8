package real

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Systems give whoever asks for any port one from 32768 on, or from 49152; below
// 20000 there is what people start themselves.
const lowest, highest = 20_000, 32_768

// Address is one of this machine, by its number, at which nobody listens. Nor will
// anybody soon who does not ask for its very port, as a port that the system gave to
// a test may have gone to the next one as soon as it is given back.
func Address(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowest+rand.IntN(highest-lowest)))
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
	t.Fatal(err)
	return ""
}

// Nowhere is an address of this machine at which nobody listens ever, by its number.
const Nowhere = "127.0.0.1:1"
