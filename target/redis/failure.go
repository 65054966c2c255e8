package redis

import (
	"fmt"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/plain"
	"plimsoll/target/wire"
)

// reason says in plain words why a call failed. r is what its connection has
// read; nil: it had none.
func (c *codec) reason(r *replies, f wire.Failure) string {
	switch {
	case f.Err == nil && r != nil && r.failed && strings.HasPrefix(f.Class, "redis-"):
		return plain.Clip(string(r.error), 200)
	case f.Class == target.Timeout && !f.Connected:
		return fmt.Sprintf("no connection within %v", c.settings.Timeout)
	case f.Class == target.Timeout:
		return fmt.Sprintf("no whole answer within %v", c.settings.Timeout)
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
