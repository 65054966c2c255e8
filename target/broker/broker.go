//go:build embedded

// Package broker is a NATS server of plimsoll's own, with JetStream, for scenarios
// that name none: nothing needs to be installed to try how messages travel.
package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	options := &server.Options{ServerName: "plimsoll", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: folder}
	if address != "" {
		at, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			return fmt.Errorf("the broker cannot listen at %s: %w", address, err)
		}
		options.Host, options.Port = at.IP.String(), at.Port
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
