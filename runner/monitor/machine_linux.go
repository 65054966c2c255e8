package monitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target/setting"
)

// linux reads /proc.
type linux struct{ buffer []byte }

func thisMachine() machine { return &linux{make([]byte, 4096)} }

func path(pid int, file string) string { return "/proc/" + strconv.Itoa(pid) + "/" + file }

func (*linux) pageSize() int64 { return int64(os.Getpagesize()) }

func (*linux) awake() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// own asks the clock of a process, which has its number in the clock's.
func (*linux) own(pid int) time.Duration {
	const processClock = 2
	var took unix.Timespec
	if unix.ClockGettime(int32(^pid)<<3|processClock, &took) != nil {
		return 0
	}
	return time.Duration(took.Nano())
}

func (m *linux) all(ctx context.Context) (map[int]stat, error) {
	names, err := numbers("/proc")
	if err != nil {
		return nil, fmt.Errorf("the system tells nothing of its processes: %w", err)
	}
	all := make(map[int]stat, len(names))
	for _, pid := range names {
		if text := m.read(path(pid, "stat")); text != nil {
			if s, err := parseStat(text); err == nil {
				all[pid] = s
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	delete(all, os.Getpid()) // we are not the other side, nor what we start
	return all, nil
}

// numbers are the names in a folder that are some.
func numbers(folder string) (list []int, err error) {
	dir, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			list = append(list, n)
		}
	}
	return list, err
}

// read is a short file, until the next is read; nil: it cannot be.
func (m *linux) read(name string) []byte {
	file, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(file)
	n, err := unix.Read(file, m.buffer)
	if err != nil || n <= 0 {
		return nil
	}
	return m.buffer[:n]
}

func (m *linux) found(ctx context.Context, s *Settings, all map[int]stat) ([]int, error) {
	switch {
	case s.Listening != "":
		return listeningAt(ctx, s.Listening, all)
	case s.Process != "":
		return named(s.Process, all)
	case s.PID == os.Getpid():
		return nil, hopeless{errOurselves}
	}
	if _, there := all[s.PID]; !there {
		return nil, fmt.Errorf("there is no process %d", s.PID)
	}
	return []int{s.PID}, nil
}

var errOurselves = errors.New("that is plimsoll itself, which makes the load: its own figures stand in machine_use")

// named are all processes of a name, of which the system keeps 15 characters.
func named(name string, all map[int]stat) (found []int, err error) {
	const kept = 15
	short := name[:min(len(name), kept)]
	var others []string
	for pid, s := range all {
		if s.name == short {
			found = append(found, pid)
		} else if !slices.Contains(others, s.name) {
			others = append(others, s.name)
		}
	}
	if len(found) == 0 {
		slices.Sort(others)
		meant := ""
		if nearest, near := setting.Slip(short, others); near {
			meant = ": did you mean " + nearest + "?"
		}
		return nil, fmt.Errorf("no process is called %s%s", name, meant)
	}
	return found, nil
}

// listeningAt are the processes that have a socket that listens at an address, which
// all that a server forked have.
func listeningAt(ctx context.Context, address string, all map[int]stat) (found []int, err error) {
	sockets, err := socketsAt(ctx, address)
	if err != nil {
		return nil, err
	}
	if len(sockets) == 0 {
		return nil, fmt.Errorf("nobody on this machine listens at %s", address)
	}
	hidden := false
	for pid := range all {
		has, err := holds(pid, sockets)
		hidden = hidden || errors.Is(err, fs.ErrPermission)
		if has {
			found = append(found, pid)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if ours, _ := holds(os.Getpid(), sockets); ours && len(found) == 0 {
		return nil, hopeless{errOurselves}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case hidden:
		return nil, fmt.Errorf("whoever listens at %s is another user's: run plimsoll as that one, or name its `pid`, or `process`", address)
	}
	return nil, fmt.Errorf("nobody who listens at %s is seen from here, as in a container: name its `pid`, or `process`", address)
}

// socketsAt are the links by which processes hold the sockets that listen at an
// address: those at that very one, or else those at all.
func socketsAt(ctx context.Context, address string) (links []string, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, err
	}
	meant, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("the address of %s is not known: %w", host, err)
	}
	for i := range meant {
		meant[i] = meant[i].Unmap()
	}
	var exact, everywhere []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // without IPv6 there is but one
		}
		listeners(text, uint16(port), func(at netip.Addr, inode string) {
			switch link := "socket:[" + inode + "]"; {
			case slices.Contains(meant, at):
				exact = append(exact, link)
			case at.IsUnspecified():
				everywhere = append(everywhere, link)
			}
		})
	}
	if exact != nil {
		return exact, nil
	}
	return everywhere, nil
}

// holds tells whether a process has one of these open.
func holds(pid int, links []string) (bool, error) {
	open, err := numbers(path(pid, "fd"))
	for _, n := range open {
		if link, err := os.Readlink(path(pid, "fd/"+strconv.Itoa(n))); err == nil && strings.HasPrefix(link, "socket:") && slices.Contains(links, link) {
			return true, nil
		}
	}
	return false, err
}

// descriptors counts those that a process has open; from 6.2 on Linux does.
func (*linux) descriptors(pid int) (int, error) {
	info, err := os.Stat(path(pid, "fd"))
	if err == nil && info.Size() > 0 {
		if _, err = unix.Readlink(path(pid, "cwd"), make([]byte, 1)); err != nil { // it tells 0 to whom it does not let see
			return 0, err
		}
		return int(info.Size()), nil
	}
	open, err := numbers(path(pid, "fd"))
	if errors.Is(err, fs.ErrNotExist) { // it has ended meanwhile
		err = nil
	}
	return len(open), err
}

func (*linux) network(pid int) (received, sent float64, own bool) {
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return 0, 0, false
	}
	theirs, err := os.Readlink(path(pid, "ns/net"))
	if err != nil || theirs == ours {
		return 0, 0, false
	}
	text, err := os.ReadFile(path(pid, "net/dev"))
	if err != nil {
		return 0, 0, false
	}
	received, sent = traffic(text)
	return received, sent, true
}
