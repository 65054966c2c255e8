package client

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// CheckAddress tells why a text is no HOST:PORT; like is a port such as there might
// be.
func CheckAddress(text string, like int) error {
	if scheme, rest, is := strings.Cut(text, "://"); is {
		return fmt.Errorf("an address has no scheme: write %q without %s://", strings.TrimSuffix(rest, "/"), scheme)
	}
	host, port, err := net.SplitHostPort(text)
	switch n, wrong := strconv.Atoi(port); {
	case err != nil && strings.Count(text, ":") > 1 && !strings.Contains(text, "["):
		return fmt.Errorf("%q is no address: an IPv6 address stands in brackets, such as [::1]:%d", text, like)
	case err != nil:
		return fmt.Errorf("%q is no address: write HOST:PORT, such as localhost:%d", text, like)
	case host == "":
		return fmt.Errorf("%q names no host: write HOST:PORT, such as localhost%[1]s", text)
	case wrong != nil || n < 1 || n > 65535:
		return fmt.Errorf("the port %q is none: write a number from 1 to 65535", port)
	}
	return nil
}
