//go:build !linux

package wait

import "errors"

// Poll is there on Linux only.
type Poll = Doze

// NewPoll fails: this system has no epoll.
func NewPoll(float64) (*Poll, error) { return nil, errors.New("only Linux has epoll") }
