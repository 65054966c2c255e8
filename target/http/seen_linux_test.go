package http

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// How an exchange broke off is said in the words of the connection, whoever
// carried it.
func TestBrokenRecordsReadTheSame(t *testing.T) {
	for _, c := range handshakes {
		if c.name != "a record that is none" {
			continue
		}
		var all []string
		for _, engine := range []string{wire.Sockets, Std} {
			var found findings
			for _, r := range c.meet(t, &found, carrier{engine, "1.1", true}, 1, 10*time.Second) {
				_, words, _ := strings.Cut(r.example, "/: ")
				all = append(all, words)
			}
		}
		for _, words := range all {
			if words == "" || words != all[0] {
				t.Errorf("%q, and %q by another engine", words, all[0])
			}
		}
	}
}

// lingering is a connection on which an answer comes when it has just been
// closed.
type lingering struct {
	net.Conn
	closed chan struct{}
}

func (l *lingering) Read(b []byte) (int, error) {
	<-l.closed
	return copy(b, wellDone), nil
}

func (l *lingering) Close() error {
	close(l.closed)
	return nil
}

// What comes on a connection that we have closed is no answer any more.
func TestNothingIsSeenOnceClosed(t *testing.T) {
	seen := newTap(&lingering{closed: make(chan struct{})}, http1.UsualHead)
	seen.expect(false, nil)
	var reader sync.WaitGroup
	reader.Go(func() {
		if n, err := seen.Read(make([]byte, 100)); n != 0 || err != net.ErrClosed {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	if err := seen.Close(); err != nil {
		t.Fatal(err)
	}
	reader.Wait()
	if s := seen.finish(0); s.in != 0 || !s.silent || seen.reusable() {
		t.Errorf("%+v is seen", s)
	}
}
