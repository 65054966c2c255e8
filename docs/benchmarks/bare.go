//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bareCommand is the first argument that makes this program the bare client:
// URL, calls a second, seconds, and how long it spins before a call follow.
const bareCommand = "bare"

// bare is the least that a client can be, the measure for what this machine
// itself takes: one connection and one thread that sleeps until a call is due,
// writes, and blocks until the answer is there. It does nothing else meanwhile;
// the C program would be the same system calls.
var bare = client{name: "bare client", paced: "{self} bare {url} {r} {s} 0s", read: readBare}

// awake is the same for a client that is awake when a call is due, as plimsoll
// is by default where calls are rare: it sleeps a little less long, and spins.
// The first microseconds after a sleep are slow ones, whoever has slept.
var awake = client{name: "bare client awake", paced: "{self} bare {url} {r} {s} 50us", read: readBare}

// bareTimes are what it says, in nanoseconds.
type bareTimes struct {
	Calls                              int64
	Response50, Response90, Response99 int64
	Service50, Lateness50, Lateness99  int64
}

func bareMain(args []string) error {
	if len(args) != 4 {
		return errors.New("the bare client is for this program's own use: bare URL RATE SECONDS SPIN")
	}
	rate, err1 := strconv.Atoi(args[1])
	seconds, err2 := strconv.Atoi(args[2])
	spin, err3 := time.ParseDuration(args[3])
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	times, err := callBare(args[0], rate, seconds, spin)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(times)
}

// callBare makes rate × seconds calls, each due at its place of an even
// schedule, and late when the one before it took too long; fewer where the
// time is over before.
func callBare(url string, rate, seconds int, spin time.Duration) (bareTimes, error) {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	c, err := connect(url)
	if err != nil {
		return bareTimes{}, err
	}
	calls := rate * seconds
	response, service, lateness := make([]int64, 0, calls), make([]int64, 0, calls), make([]int64, 0, calls)
	begin := time.Now()
	for k := range calls {
		due := int64(k) * int64(time.Second) / int64(rate)
		sleep(due - int64(spin) - int64(time.Since(begin)))
		start := int64(time.Since(begin))
		for start < due {
			start = int64(time.Since(begin))
		}
		if start >= int64(seconds)*int64(time.Second) {
			break
		}
		if err := c.call(); err != nil {
			return bareTimes{}, err
		}
		end := int64(time.Since(begin))
		response, service, lateness = append(response, end-due), append(service, end-start), append(lateness, start-due)
	}
	return bareTimes{
		Calls: int64(len(response)), Response50: percentile(response, 50), Response90: percentile(response, 90), Response99: percentile(response, 99),
		Service50: percentile(service, 50), Lateness50: percentile(lateness, 50), Lateness99: percentile(lateness, 99),
	}, nil
}

// percentile is the smallest value that so many per cent do not exceed.
func percentile(values []int64, p int) int64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}

// connection is one socket, and the answer that is always the same length.
type connection struct {
	socket  int
	request []byte
	buffer  []byte
	answer  int // bytes; 0 until the first has come
}

func connect(url string) (*connection, error) {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	address, err := netip.ParseAddrPort(host)
	if err != nil || !address.Addr().Is4() {
		return nil, fmt.Errorf("the bare client knows only http://IPV4:PORT/, not %q", url)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := unix.SetsockoptInt(socket, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return nil, fmt.Errorf("no delay: %w", err)
	}
	if err := unix.Connect(socket, &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &connection{socket: socket, request: fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host), buffer: make([]byte, 64<<10)}, nil
}

var contentLength = regexp.MustCompile(`(?i)\r\ncontent-length: *(\d+)`)

// call sends the request and reads the answer, with system calls that Go's
// scheduler does not hear of.
func (c *connection) call() error {
	if n, errno := c.raw(syscall.SYS_WRITE, c.request); errno != 0 || n != len(c.request) {
		return fmt.Errorf("write: %d bytes, %w", n, errno)
	}
	for got := 0; c.answer == 0 || got < c.answer; {
		n, errno := c.raw(syscall.SYS_READ, c.buffer[got:])
		if errno != 0 || n == 0 {
			return fmt.Errorf("read: %d bytes, %w", n, errno)
		}
		got += n
		if head, _, whole := bytes.Cut(c.buffer[:got], []byte("\r\n\r\n")); whole && c.answer == 0 {
			match := contentLength.FindSubmatch(head)
			if match == nil {
				return fmt.Errorf("an answer without a length: %q", head)
			}
			body, _ := strconv.Atoi(string(match[1]))
			if c.answer = len(head) + 4 + body; c.answer > len(c.buffer) {
				return fmt.Errorf("an answer of %d bytes is too long for the bare client", c.answer)
			}
		}
	}
	return nil
}

func (c *connection) raw(call uintptr, bytes []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(call, uintptr(c.socket), uintptr(unsafe.Pointer(&bytes[0])), uintptr(len(bytes)))
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

// sleep sleeps for some nanoseconds, or not at all.
func sleep(nanoseconds int64) {
	if nanoseconds <= 0 {
		return
	}
	left := syscall.NsecToTimespec(nanoseconds)
	for {
		_, _, errno := syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&left)), uintptr(unsafe.Pointer(&left)), 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

func readBare(output string) (saying, error) {
	var t bareTimes
	err := decode(output, &t)
	return saying{calls: t.Calls, p50: time.Duration(t.Response50), p90: time.Duration(t.Response90), p99: time.Duration(t.Response99),
		more: &more{service50: time.Duration(t.Service50), lateness50: time.Duration(t.Lateness50), lateness99: time.Duration(t.Lateness99)}}, err
}
