//go:build !linux

package wire

import (
	"errors"

	"plimsoll/target"
)

// HasEpoll tells whether this system has epoll.
const HasEpoll = false

func startEpoll(Options, target.Clock) (target.Carrier, error) {
	return nil, errors.New("the engine " + Epoll + " needs Linux")
}
