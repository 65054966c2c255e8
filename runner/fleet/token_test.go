package fleet

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A token is written once, for its owner alone, and is the same for all who read it.
func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if _, err := ReadToken(path); err == nil || !strings.Contains(err.Error(), "writes one") {
		t.Errorf("where there is none: %v", err)
	}
	first, made, err := MakeToken(path)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	again, made, err := MakeToken(path)
	if err != nil || made || again != first || !again.Given() {
		t.Error(made, err)
	}
	read, err := ReadToken(path)
	if err != nil || read.fleet() != first.fleet() || len(read.fleet()) != 16 {
		t.Error(read.fleet(), err)
	}
	for _, wrong := range []string{"", "short", strings.Repeat("two words ", 5), strings.Repeat("x", 5000)} {
		if err := os.WriteFile(path, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadToken(path); err == nil {
			t.Errorf("%.20q is a token", wrong)
		}
	}
}

// A server with the same token is trusted, one with another is not, and told apart
// from one of a stranger.
func TestServerIsKnownByItsToken(t *testing.T) {
	mine, other := Token{strings.Repeat("a", 40)}, Token{strings.Repeat("b", 40)}
	shake := func(serves, trusts Token) error {
		config, err := serves.serves()
		if err != nil {
			t.Fatal(err)
		}
		a, b := net.Pipe()
		go func() { _ = tls.Server(a, config).Handshake(); _ = a.Close() }()
		defer b.Close()
		return tls.Client(b, trusts.trusts("10.0.0.1")).Handshake()
	}
	if err := shake(mine, mine); err != nil {
		t.Error(err)
	}
	for _, trusts := range []Token{other, NoToken()} {
		if err := shake(mine, trusts); err == nil || !strings.Contains(err.Error(), "another token") {
			t.Errorf("%v", err)
		}
	}
}
