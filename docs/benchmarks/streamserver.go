//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// streamServer is the first argument that makes this program the server of the
// part streams. It writes each event when its time has come, with the machine's
// monotonic clock in it, read just before: whoever has that clock, too, knows how
// late he was to see it. It tells the stamps of a stream when it is over.
const streamServer = "stream-server"

// monotonic is CLOCK_MONOTONIC in nanoseconds: the same in every process.
func monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // cannot fail
	return t.Nano()
}

// stamped are the stamps of streams, by their names.
type stamped struct {
	mu  sync.Mutex
	all map[string][]int64
}

func streamServerMain() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-ended; listener.Close() }()
	s := &stamped{all: map[string][]int64{}}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return nil // it has been told to end
		}
		go s.serve(conn)
	}
}

// serve answers the requests of a connection: /stream/NAME/EVENTS/GAP and
// /stamps/NAME.
func (s *stamped) serve(conn net.Conn) {
	defer conn.Close()
	for in := bufio.NewReader(conn); ; {
		path := ""
		for first := true; ; first = false {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line = strings.TrimSpace(line); line == "" {
				break
			}
			if words := strings.Fields(line); first && len(words) > 1 {
				path = words[1]
			}
		}
		words := strings.Split(path, "/")
		switch {
		case len(words) == 5 && words[1] == "stream":
			events, _ := strconv.Atoi(words[3])
			gap, _ := time.ParseDuration(words[4])
			s.keep(words[2], stream(conn, events, gap))
		case len(words) == 3 && words[1] == "stamps":
			s.mu.Lock()
			text, _ := json.Marshal(s.all[words[2]])
			s.mu.Unlock()
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		default:
			return
		}
	}
}

func (s *stamped) keep(name string, stamps []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[name] = stamps
}

// stream writes so many events, one a gap, each as a chunk.
func stream(conn net.Conn, events int, gap time.Duration) (stamps []int64) {
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	from := monotonic()
	var event, chunk []byte
	for n := range events {
		rest(from + int64(n+1)*int64(gap))
		at := monotonic()
		event = fmt.Appendf(event[:0], "data: {\"t\": %d, \"n\": %d}\n\n", at, n)
		chunk = fmt.Appendf(chunk[:0], "%x\r\n%s\r\n", len(event), event)
		if _, err := conn.Write(chunk); err != nil {
			return nil
		}
		stamps = append(stamps, at)
	}
	fmt.Fprint(conn, "0\r\n\r\n")
	return stamps
}

// rest returns at that time. What is shorter than a sleep can be is waited for
// awake.
func rest(until int64) {
	const short = 2 * time.Millisecond
	for {
		left := time.Duration(until - monotonic())
		switch {
		case left <= 0:
			return
		case left > short:
			time.Sleep(left - short/2)
		case left > 300*time.Microsecond:
			time.Sleep(50 * time.Microsecond)
		}
	}
}
