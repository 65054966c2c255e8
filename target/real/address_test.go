package real

import (
	"net"
	"testing"
)

// Nobody listens where a program of others is to, but whoever asks for it can; and
// nobody listens nowhere.
func TestAddresses(t *testing.T) {
	address := Address(t)
	for _, absent := range []string{address, Nowhere} {
		if conn, err := net.Dial("tcp", absent); err == nil {
			_ = conn.Close()
			t.Errorf("somebody listens at %s", absent)
		}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if port := listener.Addr().(*net.TCPAddr).Port; port < lowest || port >= highest {
		t.Errorf("port %d may be given to anybody", port)
	}
}
