//go:build !embedded

// Package broker would be a NATS server of plimsoll's own: it is large, and so only
// in programs that were built with the tag embedded.
package broker

import (
	"context"
	"errors"
)

// Embedded tells that there is one in this program.
const Embedded = false

// Absent is what to do where there is none.
const Absent = "this plimsoll has no NATS server of its own: build it with `go build -tags embedded ./cmd/plimsoll` (or go run -tags embedded ./cmd/plimsoll …), or start nats-server and write its url"

// Run fails.
func Run(context.Context, string, func(address string)) error { return errors.New(Absent) }

// Talk fails.
func Talk(context.Context, string, Access, func(address string)) error { return errors.New(Absent) }
