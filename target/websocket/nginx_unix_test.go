//go:build unix

package websocket

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/real"
)

// nginx starts one that passes WebSockets on to a server, in this process's group
// and no longer than the test.
func nginx(t *testing.T, upstream string) (address string, signal func(os.Signal)) {
	t.Helper()
	path := real.Program(t, "nginx")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 512; }
http {
	access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	server {
		listen %[2]s;
		location / { proxy_pass http://%[3]s; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }
	}
}`, dir, address, upstream)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address, func(s os.Signal) { _ = cmd.Process.Signal(s) }
		}
	}
	told, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	t.Fatalf("nginx does not listen: %s", told)
	return "", nil
}

// Through a proxy it is the same: what the server saw is what is reported; one
// that is gone behind it is its answer, and one that is gone itself is noticed.
func TestBehindNginx(t *testing.T) {
	s := serve(t, false, say)
	upstream := strings.TrimPrefix(s.URL, "http://")
	address, signal := nginx(t, upstream)
	to := opened(t, "ws://"+address+"/chat", "ping ${n}", nil)
	classes, _ := load(t, to, 4, 200, 20*time.Second)
	s.settle()
	if classes[""] != 200 || s.asked != 200 || s.accepted != 4 {
		t.Errorf("%v; %d asked over %d connections", classes, s.asked, s.accepted)
	}
	signal(syscall.SIGSTOP)
	if classes, _ := load(t, to, 2, 4, 300*time.Millisecond); classes[target.Timeout] != 4 {
		t.Errorf("with a frozen proxy: %v", classes)
	}
	signal(syscall.SIGCONT)
	if classes, _ := load(t, to, 2, 4, 20*time.Second); classes[""] != 4 {
		t.Errorf("when it goes on: %v", classes)
	}
	s.stop()
	time.Sleep(20 * time.Millisecond)
	if classes, all := load(t, to, 2, 4, 20*time.Second); classes["status-502"] != 4 {
		t.Errorf("with nobody behind it: %v, %s", classes, all[0].Example)
	}
	signal(os.Kill)
	gone := 0
	for until := time.Now().Add(10 * time.Second); gone == 0 && time.Now().Before(until); {
		classes, _ := load(t, to, 2, 4, 20*time.Second)
		gone = classes[target.Connect]
	}
	if gone == 0 {
		t.Error("a proxy that is killed is never noticed")
	}
}
