//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// patientServer is the first argument that makes this program the server of the part
// held: http, https or h2c follows. It answers each request after five seconds, and
// expects one that fits into a read.
const patientServer = "patient-server"

// after is how long it takes.
const after = 5 * time.Second

func patientServerMain(args []string) error {
	if len(args) != 1 {
		return errors.New("the patient server is for this program's own use: patient-server http | https | h2c")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil && args[0] == "https" {
		listener, err = secured(listener)
	}
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-ended; listener.Close() }()
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil // it has been told to end
		}
		if err != nil { // no descriptors
			time.Sleep(time.Millisecond)
			continue
		}
		g := &guest{Conn: conn, frames: args[0] == "h2c"}
		go g.serve()
	}
}

// secured speaks TLS with a certificate of its own making.
func secured(listener net.Listener) (net.Listener, error) {
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	if err := certify(cert, key); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}), err
}

// guest is a connection to it.
type guest struct {
	net.Conn
	frames bool // it speaks HTTP/2
	mu     sync.Mutex
}

func (g *guest) say(b []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, _ = g.Write(b)
}

func (g *guest) serve() {
	defer g.Close()
	var rest []byte
	if g.frames {
		g.say([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0}) // SETTINGS, and that the client's are heard
	}
	b := make([]byte, 1<<10)
	for {
		n, err := g.Read(b)
		if err != nil {
			return
		}
		if !g.frames {
			time.AfterFunc(after, func() { g.say([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")) })
			continue
		}
		rest = g.requests(append(rest, b[:n]...))
	}
}

// requests answers those of HTTP/2 that have come whole, and returns what has not.
func (g *guest) requests(b []byte) (rest []byte) {
	b = bytes.TrimPrefix(b, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	for len(b) >= 9 {
		size := 9 + int(b[0])<<16 + int(b[1])<<8 + int(b[2])
		if len(b) < size {
			break
		}
		if b[3] == 1 { // HEADERS: of the answer, too, with status 200, and the stream's end
			answer := append([]byte{0, 0, 1, 1, 5}, b[5:9]...)
			time.AfterFunc(after, func() { g.say(append(answer, 0x88)) })
		}
		b = b[size:]
	}
	return bytes.Clone(b)
}

// bareSecure is the first argument that makes this program the least that a client of
// package tls can be: ADDRESS, connections, how long it takes them to come, and how long
// it holds them follow. Each has a goroutine that asks, and waits for the answer.
const bareSecure = "bare-secure"

func bareSecureMain(args []string) error {
	if len(args) != 4 {
		return errors.New("the bare client is for this program's own use: bare-secure ADDRESS CONNECTIONS COMING HOLDING")
	}
	connections, err1 := strconv.Atoi(args[1])
	coming, err2 := time.ParseDuration(args[2])
	holding, err3 := time.ParseDuration(args[3])
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	config := &tls.Config{InsecureSkipVerify: true}
	for n := range connections {
		go func() {
			time.Sleep(coming * time.Duration(n) / time.Duration(connections))
			conn, err := tls.Dial("tcp", args[0], config)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			for answer := make([]byte, 128); ; {
				_, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", args[0])
				if err == nil {
					_, err = conn.Read(answer)
				}
				if err != nil {
					return
				}
			}
		}()
	}
	time.Sleep(coming + holding)
	return nil
}
