//go:build !unix

package host

// DescriptorLimit is how many file descriptors this process may hold: no such
// limit is known here.
func DescriptorLimit() int64 { return 0 }
