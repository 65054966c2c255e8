package http2

import (
	"fmt"

	"plimsoll/target"
	"plimsoll/target/wire"
)

// fault is why an answer is none, or a connection of no more use.
type fault struct{ text, class string }

func (f *fault) Error() string { return f.text }

// Class is the class of error that a call counts under which it ends.
func (f *fault) Class() string { return f.class }

// Foreign is the fault of a server that does not speak HTTP/2, which begins with a
// frame of SETTINGS (RFC 9113, 3.4); Start is what it begins with instead.
// Cut tells that more may have followed, and a secret may have been cut off with it.
type Foreign struct {
	Start []byte
	Cut   bool
}

func (f *Foreign) Error() string {
	start := string(f.Start)
	if f.Cut {
		start += "…"
	}
	return fmt.Sprintf("the server does not speak HTTP/2: it begins with %q", start)
}

// Class is the class of error that a call counts under which it ends.
func (f *Foreign) Class() string { return target.Body }

// TLS tells whether it speaks that: it begins with a record of a handshake or an alert.
func (f *Foreign) TLS() bool {
	return len(f.Start) >= 2 && (f.Start[0] == 0x15 || f.Start[0] == 0x16) && f.Start[1] == 3
}

// nonsense is a fault of a server that does not keep to the protocol.
func nonsense(format string, args ...any) wire.Fault {
	return &fault{fmt.Sprintf(format, args...), target.Body}
}

// shown is how much of what a server says is quoted.
const shown = 80

// quoted is what a server says, as far as that. The mark where it is cut off
// tells whoever takes secrets out of texts that one may have been cut off with it.
func quoted(b []byte) string {
	if len(b) <= shown {
		return fmt.Sprintf("%q", b)
	}
	return fmt.Sprintf("%q", string(b[:shown])+"…")
}

// brokenOff is that of one that ends what it has begun.
func brokenOff(format string, args ...any) wire.Fault {
	return &fault{fmt.Sprintf(format, args...), target.Reset}
}
