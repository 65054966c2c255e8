package redis

import (
	"strings"

	"plimsoll/target/plain"
	"plimsoll/target/wire"
)

// reason says in plain words why a call failed. r is what its connection has
// read; nil: it had none.
func (c *codec) reason(r *replies, f wire.Failure) string {
	if f.Err == nil && r != nil && r.failed && strings.HasPrefix(f.Class, "redis-") {
		return plain.Clip(string(r.error), 200)
	}
	return plain.Clip(f.Reason(c.settings.Timeout)+f.Rested(), 200)
}
