//go:build !linux

package wire

import (
	"errors"
	"time"
)

// HasEpoll tells whether this system has epoll.
const HasEpoll = false

func startEpoll(Options, time.Duration) (Caller, error) {
	return nil, errors.New("the engine " + Epoll + " needs Linux")
}
