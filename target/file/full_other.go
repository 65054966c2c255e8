//go:build !unix

package file

import (
	"errors"
	"syscall"
)

// What Windows says where there is no more room.
const (
	handleDiskFull = syscall.Errno(39)
	diskFull       = syscall.Errno(112)
)

func full(err error) bool { return errors.Is(err, handleDiskFull) || errors.Is(err, diskFull) }
