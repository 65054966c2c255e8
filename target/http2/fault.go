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
