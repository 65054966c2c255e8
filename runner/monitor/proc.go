package monitor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"time"
)

// What Linux tells in /proc, as texts.

// stat is what /proc/PID/stat tells of a process.
type stat struct {
	name    string
	parent  int
	own     time.Duration // on processors, all of its threads
	waited  time.Duration // the same of its children that have ended, and theirs
	threads int64
	began   int64 // in ticks since the machine did
	pages   int64 // of resident memory
}

// tick is the unit of times there: what the system calls USER_HZ is 100 on all that
// Go runs on.
const tick = 10 * time.Millisecond

var errStat = errors.New("what the system tells of a process cannot be read")

// parseStat reads /proc/PID/stat, in which the name stands in brackets and may hold
// anything.
func parseStat(text []byte) (s stat, err error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return s, errStat
	}
	s.name = string(text[open+1 : end])
	fields := bytes.Fields(text[end+1:])
	number := func(field int) int64 { // counted as proc(5) does, from 1; the first here is 3
		if i := field - 3; i < len(fields) {
			n, wrong := strconv.ParseInt(string(fields[i]), 10, 64)
			if wrong == nil {
				return n
			}
		}
		err = errStat
		return 0
	}
	ticks := func(fields ...int) (sum time.Duration) {
		for _, f := range fields {
			sum += time.Duration(max(0, number(f))) * tick
		}
		return max(0, sum)
	}
	s.parent = int(number(4))
	s.own, s.waited = ticks(14, 15), ticks(16, 17)
	s.threads, s.began, s.pages = number(20), number(22), max(0, number(24))
	return s, err
}

// listening is the state of a socket that waits for connections.
const listening = "0A"

// listeners finds the sockets that listen at a port in /proc/net/tcp or tcp6, by
// where they do.
func listeners(table []byte, port uint16, take func(at netip.Addr, inode string)) {
	for line := range bytes.Lines(table) {
		fields := bytes.Fields(line)
		if len(fields) < 10 || string(fields[3]) != listening {
			continue
		}
		if at, ok := hexAddress(fields[1]); ok && at.Port() == port {
			take(at.Addr(), string(fields[9]))
		}
	}
}

// hexAddress reads 0100007F:1F90: the address in words of four bytes, each with its
// last byte first (as little-endian machines have them, which all are that Go
// programs with ports to spare run on), and the port.
func hexAddress(text []byte) (at netip.AddrPort, ok bool) {
	address, port, _ := bytes.Cut(text, []byte(":"))
	number, err := strconv.ParseUint(string(port), 16, 16)
	raw := make([]byte, hex.DecodedLen(len(address)))
	if _, wrong := hex.Decode(raw, address); err != nil || wrong != nil || len(raw)%4 != 0 {
		return at, false
	}
	for i := 0; i < len(raw); i += 4 {
		raw[i], raw[i+1], raw[i+2], raw[i+3] = raw[i+3], raw[i+2], raw[i+1], raw[i]
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), ok
}

// traffic adds up what /proc/PID/net/dev says came in and went out, without what
// stayed inside.
func traffic(table []byte) (in, out float64) {
	for line := range bytes.Lines(table) {
		name, rest, found := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(rest)
		if !found || len(fields) < 9 || string(bytes.TrimSpace(name)) == "lo" {
			continue
		}
		received, _ := strconv.ParseFloat(string(fields[0]), 64)
		sent, _ := strconv.ParseFloat(string(fields[8]), 64)
		in, out = in+received, out+sent
	}
	return in, out
}
