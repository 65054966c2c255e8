// Package client is what all kinds of target have that go over a network,
// written once: what is asked of their connections in a scenario file, TLS, the
// classes of what goes wrong on the way, and a pool of connections.
package client

import (
	"cmp"
	"syscall"
	"time"

	"plimsoll/target/retry"
	"plimsoll/target/setting"
)

// Settings are what is spelled alike for every kind.
type Settings struct {
	// Timeout bounds each attempt. Default 10 s.
	Timeout time.Duration
	// Connections caps the pool; a call that finds it full is held. 0: no cap.
	Connections int
	// Reuse says who uses a connection again.
	Reuse Reuse
	TLS   TLS
	Retry retry.Settings

	// Permit says where connections may go.
	Permit Permit `json:"-"`

	written written
}

// Permit judges the address that a connection is about to go to, of the network tcp,
// udp or unix; an error is why it may not. A nil one lets all go.
type Permit func(network, address string) error

// Control is net.Dialer's.
func (p Permit) Control(network, address string, _ syscall.RawConn) error {
	if p == nil {
		return nil
	}
	return p(network, address)
}

// written is what checks need the places of; Complete has done with it.
type written struct {
	reuse setting.At[Reuse]
	tls   setting.At[TLS]
}

// Together are the keys of what bounds all calls together.
func (s *Settings) Together() []string {
	if s.Connections > 0 {
		return []string{"connections"}
	}
	return nil
}

// UsualTimeout bounds an attempt where nothing else is said.
const UsualTimeout = 10 * time.Second

// Fields are the keys of Settings, wherever T keeps them. Whoever has read them
// calls Complete.
func Fields[T any](of func(*T) *Settings) []setting.Field[T] {
	return append(Unsecured(of),
		setting.Key("tls", "Whom to trust and who we are.", setting.Secret(setting.Located(trust())), func(t *T) *setting.At[TLS] { return &of(t).written.tls }),
	)
}

// Unsecured are Fields without TLS.
func Unsecured[T any](of func(*T) *Settings) []setting.Field[T] {
	return []setting.Field[T]{
		setting.Key("timeout", "How long one attempt may take. Default 10s.", setting.LongerThanZero(), func(t *T) *time.Duration { return &of(t).Timeout }),
		setting.Key("keepalive", "Use connections again: true (default), false, or `user`: again, but each user of a journey has connections of its own, as browsers have.", setting.Located(reuseShape()), func(t *T) *setting.At[Reuse] { return &of(t).written.reuse }),
		setting.Key("connections", "The most connections at once; a call that finds all taken is held. Default: no limit.", setting.Count(1, 1_000_000), func(t *T) *int { return &of(t).Connections }),
		setting.Key("retry", "Repeats failed attempts. Default: none is.", retry.Shape(), func(t *T) *retry.Settings { return &of(t).Retry }),
	}
}

// Plain warns of what is said of TLS where the address says that none is spoken; instead
// says what to write. It comes before Complete.
func (s *Settings) Plain(r *setting.Reader, instead string) {
	if s.written.tls.Given {
		r.Warn(s.written.tls.Pos, "tls says how TLS is spoken, and here none is: %s", instead)
	}
}

// Complete fills the defaults in, and reports what does not go together; served
// tells that plimsoll's own server is called.
func (s *Settings) Complete(r *setting.Reader, served bool) (ok bool) {
	w := s.written
	s.Timeout, s.Reuse, s.TLS, s.written = cmp.Or(s.Timeout, UsualTimeout), w.reuse.Value, w.tls.Value, written{}
	ok = true
	if s.Reuse == ByUser && s.Connections > 0 {
		r.Problem(w.reuse.Pos, "connections caps the one pool that all users share, and with keepalive: user each has connections of its own: leave one of them out")
		ok = false
	}
	if served && w.tls.Given {
		r.Problem(w.tls.Pos, "the server that `serve` starts speaks no TLS: leave tls out")
		ok = false
	}
	return ok
}
