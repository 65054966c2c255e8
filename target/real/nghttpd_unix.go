//go:build unix

package real

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Nghttpd starts one that serves a file, /ok, over HTTP/2 without TLS; it writes of
// each frame that it sees into a file. It is this test's: it is gone with it.
func Nghttpd(t testing.TB, options ...string) (address, log string) {
	t.Helper()
	path := Program(t, "nghttpd")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	if err := os.WriteFile(filepath.Join(dir, "ok"), []byte("OK"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(path, append(options, "-v", "--no-tls", "-a", "127.0.0.1", "-d", dir, port)...)
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address, log
		}
	}
	t.Fatal("nghttpd does not listen")
	return "", ""
}
