//go:build unix

package wire

import "syscall"

// writeOnce writes what the system has room for.
func writeOnce(fd uintptr, b []byte) (int, error) {
	for {
		switch n, err := syscall.Write(int(fd), b); err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return 0, err
		}
	}
}
