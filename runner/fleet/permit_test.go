package fleet

import (
	"strings"
	"testing"
)

// Without a word of its user an agent loads this machine alone.
func TestPermit(t *testing.T) {
	for _, c := range []struct {
		patterns         string
		permits, forbids string
	}{
		{"", "127.0.0.1:80 127.8.9.1:1 [::1]:80 [::ffff:127.0.0.1]:80", "10.0.0.1:80 0.0.0.0:80 [::]:80 169.254.169.254:80 [fe80::1]:80 [::ffff:10.0.0.1]:80"},
		{"10.0.0.0/8", "10.0.0.1:80 10.255.1.2:443 [::ffff:10.0.0.1]:80", "11.0.0.1:80"},
		{"10.1.*", "10.1.2.3:80 10.1.200.9:1", "10.10.1.1:80 10.2.1.1:80"},
		{"10.1.2.3:8080 10.0.0.0/30:443", "10.1.2.3:8080 10.0.0.2:443", "10.1.2.3:80 10.0.0.2:80 10.0.0.4:443"},
		{"fd00::/8 [fe80::1]:80", "[fd12::1]:9 [fe80::1]:80 [fe80::1%eth0]:80", "[fe80::1]:81 [2001::1]:80"},
		{"*", "10.0.0.1:80 [2001:db8::1]:9", ""},
	} {
		p, err := NewPermit(strings.Fields(c.patterns), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range strings.Fields(c.permits) {
			if err := p.Address("tcp4", address); err != nil {
				t.Errorf("%q: %v", c.patterns, err)
			}
		}
		for _, address := range strings.Fields(c.forbids) {
			if p.Address("udp", address) == nil {
				t.Errorf("%q permits %s", c.patterns, address)
			}
		}
		if p.Address("unix", "/run/docker.sock") == nil || p.Address("tcp", "nonsense") == nil {
			t.Errorf("%q permits what is no address", c.patterns)
		}
	}
	for _, wrong := range []string{"", "example.com", "http://10.0.0.1", "10.0.0.1:http", "10.0.0.1:0", "10.0.0.0/8x", "[10.0.0.1"} {
		if _, err := NewPermit([]string{wrong}, false); err == nil {
			t.Errorf("%q is a pattern", wrong)
		}
	}
	local, _ := NewPermit(nil, true)
	if err := local.Address("unix", "/run/x"); err != nil {
		t.Error(err)
	}
}
