package wire

import (
	"crypto/tls"
	"net"
	"time"

	"plimsoll/target/client"
)

// Reaching are options for a server at HOST:PORT as the settings of a kind say, and
// the engine that can. With TLS the server is offered the protocols, of which it must
// speak the first. Somebody else may bound every try, and has it take as long as
// patience at the least.
func Reaching(address string, s *client.Settings, patience time.Duration, protocols ...string) (engine string, o Options, err error) {
	o = Options{Host: address}
	o.Keep(s)
	if s.Timeout > 0 {
		o.Timeout = max(s.Timeout, patience)
	}
	if s.TLS.Given {
		o.TLS, err = secured(s.TLS, address, protocols)
	}
	if HasEpoll {
		return Epoll, o, err
	}
	return Sockets, o, err
}

// Keep has connections be kept, and calls be bounded, as the settings of a kind say.
func (o *Options) Keep(s *client.Settings) {
	o.Timeout, o.Connections = s.Timeout, s.Connections
	o.Permit = s.Permit
	o.KeepAlive, o.PerUser = s.Reuse != client.Never, s.Reuse == client.ByUser
}

// secured is how to speak TLS with a server, whose certificate must name its host
// unless the settings say another name.
func secured(t client.TLS, address string, protocols []string) (*tls.Config, error) {
	config, err := t.Config(protocols...)
	if err == nil && config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	return config, err
}
