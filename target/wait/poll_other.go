//go:build !linux

package wait

import "errors"

// Poll is there on Linux only.
type Poll = Doze

// NewPoll fails: this system has no epoll.
func NewPoll(float64) (*Poll, error) { return nil, errors.New("only Linux has epoll") }

// NewRing fails: this system has no io_uring.
func NewRing(float64) (*Poll, error) { return nil, RingRefused() }

// RingRefused says why.
func RingRefused() error { return errors.New("only Linux has io_uring") }
