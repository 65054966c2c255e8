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
	cmd *exec.Cmd
	url string
}

const config = `worker_processes 1; daemon off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 4096; }
http {
	access_log off; keepalive_requests 1000000000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server {
		listen 127.0.0.1:%[2]d;
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
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	if err := os.WriteFile(dir+"/nginx.conf", fmt.Appendf(nil, config, dir, port, 0, page), 0o666); err != nil {
		return nil, err
	}
	words := l.pin(serverCore, []string{"nginx", "-c", dir + "/nginx.conf"})
	s := &nginx{cmd: exec.CommandContext(ctx, words[0], words[1:]...), url: fmt.Sprintf("http://127.0.0.1:%d/", port)}
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
