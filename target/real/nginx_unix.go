//go:build unix

package real

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Nginx starts one that passes everything on to a server, HOST:PORT, over HTTP/1.1
// and with more lines of configuration. It is this test's: it is gone with it.
func Nginx(t testing.TB, upstream, more string) (address string, signal func(os.Signal)) {
	t.Helper()
	address, signal, _ = nginx(t, ";", fmt.Sprintf("proxy_pass http://%s; proxy_http_version 1.1; %s", upstream, more))
	return address, signal
}

// NginxStreams starts one that answers everything with OK, over HTTP/2 without TLS,
// with more lines for its server; it writes a line for each request into a file.
func NginxStreams(t testing.TB, more string) (address, log string) {
	t.Helper()
	address, _, log = nginx(t, " http2;"+more, "default_type text/plain; return 200 OK;")
	return address, log
}

// NginxOneByOne starts one like NginxStreams, which speaks HTTP/1.1 instead.
func NginxOneByOne(t testing.TB, more string) (address, log string) {
	t.Helper()
	address, _, log = nginx(t, ";"+more, "default_type text/plain; return 200 OK;")
	return address, log
}

// NginxOfGRPC starts one that passes calls of gRPC on, from HTTP/2 to HTTP/2.
func NginxOfGRPC(t testing.TB, upstream string) (address string, signal func(os.Signal)) {
	t.Helper()
	address, signal, _ = nginx(t, " http2; keepalive_requests 1000000;", "grpc_pass grpc://"+upstream+";")
	return address, signal
}

// nginx starts one that listens so, with more lines for its server, and does so with
// everything; it writes a line for each request into a file.
func nginx(t testing.TB, server, location string) (address string, signal func(os.Signal), log string) {
	t.Helper()
	path := Program(t, "nginx")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	dir := t.TempDir()
	log = filepath.Join(dir, "access.log")
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 512; }
http {
	log_format brief $status; access_log %[5]s brief; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	server {
		listen %[2]s%[3]s
		location / { %[4]s }
	}
}`, dir, address, server, location, log)
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
			return address, func(s os.Signal) { Signal(cmd.Process.Pid, s.(syscall.Signal)) }, log
		}
	}
	told, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	t.Fatalf("nginx does not listen: %s", told)
	return "", nil, ""
}
