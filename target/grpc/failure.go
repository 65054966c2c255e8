package grpc

import (
	"fmt"
	"strings"

	"plimsoll/target"
	"plimsoll/target/plain"
	"plimsoll/target/wire"
)

// explained is the message of a failure, without secrets. in is what the call's
// stream has read; nil: it had none.
func (a *asking) explained(p *prepared, in *answer, f wire.Failure) string {
	return a.settings.scrub(a.url(p) + ": " + a.settings.reason(in, f))
}

// url is where a call goes.
func (a *asking) url(p *prepared) string { return a.settings.scheme() + a.address + p.path }

// reason says in plain words why a call failed.
func (s *Settings) reason(a *answer, f wire.Failure) string {
	switch {
	case f.Err == nil && a != nil && strings.HasPrefix(f.Class, "grpc-"):
		return a.told()
	case f.Class == target.Timeout && f.Connected && a != nil && a.call.stream:
		return fmt.Sprintf("no message of the stream within %v", s.Timeout)
	}
	return plain.Clip(f.Reason(s.Timeout)+f.Rested(), 200)
}
