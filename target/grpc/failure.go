package grpc

import (
	"fmt"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/plain"
	"plimsoll/target/wire"
)

// explained is the message of a failure, without secrets. a is what its stream has
// read; nil: it had none.
func (c *codec) explained(p *prepared, a *answers, f wire.Failure) string {
	var in *answer
	if a != nil {
		in = &a.answer
	}
	return c.settings.scrub(fmt.Sprintf("%s: %s", p.rpc, c.settings.reason(in, f)))
}

// reason says in plain words why a call failed.
func (s *Settings) reason(a *answer, f wire.Failure) string {
	switch {
	case f.Err == nil && a != nil && strings.HasPrefix(f.Class, "grpc-"):
		return a.told()
	case f.Class == target.Timeout && !f.Connected:
		return fmt.Sprintf("no connection within %v", s.Timeout)
	case f.Class == target.Timeout && a != nil && a.call.stream:
		return fmt.Sprintf("no message of the stream within %v", s.Timeout)
	case f.Class == target.Timeout:
		return fmt.Sprintf("no whole answer within %v", s.Timeout)
	case f.Class == target.Cancelled:
		return "given up"
	case f.Err == nil:
		return f.Class
	}
	text := client.Reason(f.Err)
	if f.Kept && f.Class == target.Reset {
		text += fmt.Sprintf(", on a connection that had rested for %v", f.Idle)
	}
	return plain.Clip(text, 200)
}
