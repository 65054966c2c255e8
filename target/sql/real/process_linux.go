//go:build linux

package real

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	installed "plimsoll/target/real"
)

// runs tells that servers can be started here.
const runs = true

// identity is who a server runs as; nobody else where who is nil.
type identity struct{ who *syscall.Credential }

// own gives a folder to the server.
func (i identity) own(folder string) error {
	if i.who == nil {
		return nil
	}
	return os.Chown(folder, int(i.who.Uid), int(i.who.Gid))
}

// nobody is who a server runs as that does not run as root.
func nobody(name string) identity {
	if os.Getuid() != 0 {
		return identity{}
	}
	u, err := user.Lookup(name)
	if err != nil {
		return identity{}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return identity{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// cmd is a command of the server's.
func (s *Server) cmd(args ...string) *exec.Cmd {
	c := exec.Command(args[0], args[1:]...)
	c.Dir = s.folder
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as.who}
	return c
}

// Freeze stops all its processes where they are; Thaw lets them go on.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

// Kill ends all its processes at once, without a word, and waits until none is left:
// one that was left would keep the next server from starting.
func (s *Server) Kill() {
	ended := s.signal(syscall.SIGKILL)
	_, _ = s.process.Wait()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if !slices.ContainsFunc(ended, func(pid int) bool { return syscall.Kill(pid, 0) == nil }) {
			return
		}
	}
}

// signal sends a signal to the server's process, first, and to those that it has
// started, and tells these. They are looked for before as well: when their parent has
// ended, nobody's children are left.
func (s *Server) signal(sig syscall.Signal) []int {
	children := childrenOf(s.process.Pid)
	installed.Signal(s.process.Pid, sig)
	for _, pid := range childrenOf(s.process.Pid) {
		if !slices.Contains(children, pid) {
			children = append(children, pid)
		}
	}
	for _, pid := range children {
		installed.Signal(pid, sig)
	}
	return children
}

func childrenOf(parent int) (all []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// PID (COMMAND) STATE PPID …
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			all = append(all, pid)
		}
	}
	return all
}
