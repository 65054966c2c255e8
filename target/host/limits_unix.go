//go:build unix

package host

import "syscall"

// DescriptorLimit is how many file descriptors this process may hold. Go has
// raised the soft limit to the hard one when the process began, and gives its
// children the old one.
func DescriptorLimit() int64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int64(min(uint64(limit.Cur), 1<<62))
}
