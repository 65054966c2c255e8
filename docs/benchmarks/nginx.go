//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// nginx is a server of our own, on a free port of this machine, with one
// worker. It counts its requests.
type nginx struct {
	cmd           *exec.Cmd
	url           string // of HTTP/1.1
	http2, secure string // of HTTP/2 without TLS, and of both with it
}

const config = `worker_processes 1; daemon off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 16384; }
http {
	access_log off; keepalive_requests 1000000000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server {
		listen 127.0.0.1:%[2]d;
		listen 127.0.0.1:%[5]d http2;
		listen 127.0.0.1:%[6]d ssl http2;
		ssl_certificate %[1]s/cert.pem; ssl_certificate_key %[1]s/key.pem;
		location = /count { stub_status; }
		location /shop/ { default_type application/json; return 200 '%[4]s'; }
		location / { return 200 "%[3]0128d"; }
	}
}
`

// page is 1 KB of JSON.
var page = `{"access_token": "abcdefghijklmnopqrstuvwxyz", "total": 11, "items": [` +
	strings.Repeat(`{"id": 4711, "name": "a product", "price": 9.99, "tags": ["new", "red"]}, `, 12) + `{"id": 4712}]}`

func (l *lab) startNginx(ctx context.Context) (*nginx, error) {
	dir := l.dir
	ports, err := freePorts(3)
	if err == nil {
		err = certify(dir+"/cert.pem", dir+"/key.pem")
	}
	if err == nil {
		err = os.WriteFile(dir+"/nginx.conf", fmt.Appendf(nil, config, dir, ports[0], 0, page, ports[1], ports[2]), 0o666)
	}
	if err != nil {
		return nil, err
	}
	words := l.pin(serverCore, []string{"nginx", "-c", dir + "/nginx.conf"})
	s := &nginx{
		cmd: exec.CommandContext(ctx, words[0], words[1:]...), url: fmt.Sprintf("http://127.0.0.1:%d/", ports[0]),
		http2: fmt.Sprintf("http://127.0.0.1:%d/", ports[1]), secure: fmt.Sprintf("https://127.0.0.1:%d/", ports[2]),
	}
	s.cmd.Cancel = s.terminate // by force its worker would be left
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("nginx is needed: %w", err)
	}
	for range 100 {
		if _, err = s.requests(); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("nginx does not answer: %w", err)
}

// freePorts are ports of this machine that nobody listens on.
func freePorts(n int) (ports []int, err error) {
	for range n {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer free.Close()
		ports = append(ports, free.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

var counted = regexp.MustCompile(`(?m)^ \d+ \d+ (\d+) `)

// requests is how many requests the server has had, this one included.
func (s *nginx) requests() (float64, error) {
	answer, err := http.Get(s.url + "count")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	match := counted.FindSubmatch(text)
	if match == nil {
		return 0, fmt.Errorf("nginx cannot count requests: %q", text)
	}
	return strconv.ParseFloat(string(match[1]), 64)
}

// during is how many requests the server has had while something was done.
func (s *nginx) during(do func() error) (float64, error) {
	before, err := s.requests()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := s.requests()
	return after - before - 1, err
}

func (s *nginx) terminate() error { return s.cmd.Process.Signal(syscall.SIGTERM) }

func (s *nginx) stop() {
	_ = s.terminate()
	_ = s.cmd.Wait()
}
