// Package tcp is the kind of target whose calls are a message over a connection
// of TCP, and what ends the answer.
package tcp

import (
	"cmp"
	"context"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/socket"
	"plimsoll/target/wire"
)

// mostReceivers bounds how many more connections get each message.
const mostReceivers = 100_000

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	fields := append(socket.Fields(), client.Fields(func(w *socket.Written) *client.Settings { return &w.Client })...)
	fields = append(fields,
		setting.Key("receivers", "So many more connections must get each message too; the call ends when the last one has. Default: none.", setting.Located(setting.Count(1, mostReceivers)), func(w *socket.Written) *setting.At[int] { return &w.Receivers }),
	)
	return kind.Target("a tcp target", dialog.Action(), func(r *setting.Reader, at setting.Pos, w socket.Written, own kind.Call) (kind.Settings, bool) {
		s, ok := w.Settings(r, at, "tcp", own)
		return &Settings{Settings: s}, ok
	}, fields...)
}

// Settings are those of `tcp:`.
type Settings struct {
	*socket.Settings

	engine string // of package wire; "": the first that can
}

// Open makes the target ready: over connections of package wire, but where there
// are receivers. Then much comes that no call has asked for, and connections are
// listened to all the time: those are package socket's.
func (s *Settings) Open(ctx context.Context, site kind.Site) (*kind.Opened, error) {
	if s.Receivers > 0 {
		return s.Settings.Open(ctx, site)
	}
	server, err := s.Reach(ctx, site)
	if err != nil {
		return nil, err
	}
	shared := &codec{settings: s, address: server.Address, observer: site.Observer}
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, err
		}
		shared.args = own.Args
	}
	reached := s.Settings.Settings
	reached.TLS.Shook, reached.Permit = site.Shook, site.Permit
	engine, o, err := wire.Reaching(server.Address, &reached, site.Patience)
	if err != nil {
		return nil, err
	}
	o.Tell, engine = wire.FromConnect, cmp.Or(s.engine, engine)
	at, err := wire.Open(engine, o)
	if err != nil {
		return nil, err
	}
	return &kind.Opened{
		Engine: at.Engine, Polls: wire.Polls(at.Engine), Rings: at.Engine == wire.Uring, Frugal: at.Engine == wire.Sockets && o.TLS == nil,
		Divisible: true, Retry: s.Retry, Err: server.Err, Close: func() {},
		Prepare: s.Prepare,
		Carrier: func(c target.Clock) (target.Carrier, error) { return at.Carrier(shared.another(), c) },
	}, nil
}
