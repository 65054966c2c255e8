//go:build unix

package file

import (
	"errors"
	"syscall"
)

// full tells whether there is no more room, on the disk or for this user.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
