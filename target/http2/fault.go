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

// brokenOff is that of one that ends what it has begun.
func brokenOff(format string, args ...any) wire.Fault {
	return &fault{fmt.Sprintf(format, args...), target.Reset}
}
