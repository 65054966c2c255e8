//go:build !linux

package wire

import "syscall"

// lateBinding leaves a socket as it is: only Linux can bind it to an address
// without a port.
func lateBinding(string, string, syscall.RawConn) error { return nil }
