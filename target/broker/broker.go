//go:build embedded

// Package broker is a NATS server of plimsoll's own: with JetStream, for scenarios
// that name none, so that nothing needs to be installed to try how messages travel;
// and without, for those who only talk over it.
package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Embedded tells that there is one in this program.
const Embedded = true

// Absent is what to do where there is none.
const Absent = ""

// toStart is how long the server may take to be ready, on a busy machine.
const toStart = 15 * time.Second

// Run serves at an address until ctx is done; "" is a free port of 127.0.0.1. What
// it keeps on the disk is in a folder of its own, and gone with it. ready is called
// with the address as soon as clients may come.
func Run(ctx context.Context, address string, ready func(address string)) error {
	folder, err := os.MkdirTemp("", "plimsoll-nats-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	options := &server.Options{JetStream: true, StoreDir: folder}
	return serve(ctx, address, options, ready)
}

// Talk serves as Run does, for those who only talk: nothing is kept, and only they
// may whom Access lets.
func Talk(ctx context.Context, address string, a Access, ready func(address string)) error {
	options := &server.Options{Username: a.User, Password: a.Password, TLSConfig: a.TLS}
	if a.TLS != nil {
		options.TLS, options.TLSTimeout = true, toShake
	}
	return serve(ctx, address, options, ready)
}

// toShake is how long a handshake may take, in seconds.
const toShake = 5

func serve(ctx context.Context, address string, options *server.Options, ready func(address string)) error {
	options.ServerName, options.NoLog, options.NoSigs = "plimsoll", true, true
	options.Host, options.Port = "127.0.0.1", server.RANDOM_PORT
	if address != "" {
		at, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			return fmt.Errorf("the broker cannot listen at %s: %w", address, err)
		}
		options.Host, options.Port = "0.0.0.0", at.Port
		if at.IP != nil {
			options.Host = at.IP.String()
		}
		if at.Port == 0 {
			options.Port = server.RANDOM_PORT
		}
	}
	if err := free(options); err != nil {
		return err
	}
	s, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("the broker cannot be started: %w", err)
	}
	s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	if !s.ReadyForConnections(toStart) {
		return errors.New("the broker did not get ready")
	}
	ready(s.Addr().String())
	<-ctx.Done()
	return nil
}

// free tells why nobody can listen there: the server itself would only not get ready.
func free(o *server.Options) error {
	if o.Port == server.RANDOM_PORT {
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(o.Host, strconv.Itoa(o.Port)))
	if err != nil {
		return fmt.Errorf("the broker cannot listen: %w", err)
	}
	return l.Close()
}
