package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target/real"
)

// rounds is how much of what takes long in spaces of their own is asked for: nothing,
// unless PLIMSOLL_SPACES=N is set.
func rounds(t *testing.T) int {
	n, _ := strconv.Atoi(os.Getenv("PLIMSOLL_SPACES"))
	if n < 1 {
		t.Skip("PLIMSOLL_SPACES=1 has fleets in networks of their own, for a minute; it needs the rights to make such, and iproute2")
	}
	return n
}

// space is a network such as a machine has, which nobody else is in: it is there as long
// as a process holds it.
type space struct {
	t       testing.TB
	holder  *exec.Cmd
	address string
}

func newSpace(t testing.TB, address string) *space {
	t.Helper()
	s := &space{t: t, holder: exec.Command("cat"), address: address}
	s.holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	open, err := s.holder.StdinPipe() // which is closed with this process, however that ends
	if err != nil {
		t.Fatal(err)
	}
	if err := s.holder.Start(); errors.Is(err, syscall.EPERM) {
		t.Skip("no network of one's own may be made here:", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = open.Close(); _ = s.holder.Wait() })
	return s
}

func (s *space) file() string { return fmt.Sprintf("/proc/%d/ns/net", s.holder.Process.Pid) }

// within is how a program is started there.
func (s *space) within(words ...string) []string {
	return append([]string{real.Program(s.t, "nsenter"), "--net=" + s.file()}, words...)
}

// ip has the network changed by lines of iproute2's.
func (s *space) ip(lines string, args ...any) error {
	words := s.within(real.Program(s.t, "ip"), "-batch", "-")
	c := exec.Command(words[0], words[1:]...)
	c.Stdin = strings.NewReader(fmt.Sprintf(lines, args...))
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(said))
	}
	return nil
}

// inside does something on a thread which is there, and ends afterwards.
func (s *space) inside(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never lets go of it
		file, err := os.Open(s.file())
		if err == nil {
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
			_ = file.Close()
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// listen listens at an address of the space's.
func (s *space) listen(port int) net.Listener {
	s.t.Helper()
	var l net.Listener
	err := s.inside(func() (err error) {
		l, err = net.Listen("tcp", net.JoinHostPort(s.address, strconv.Itoa(port)))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// site is machines, each in a space of its own, and a hub that they are all linked to,
// where a nats-server is with a certificate, and whatever they load.
type site struct {
	field
	hub      *space
	machines []*space
}

// Where the nats-server of a site listens.
const talkPort = 4222

func newSite(t testing.TB, text string) *site {
	t.Helper()
	s := &site{field: field{t: t, dir: folder(t, text)}, hub: newSpace(t, "10.77.0.1")}
	if err := s.hub.ip("link set lo up\nlink add name hub type bridge\naddress add %s/24 dev hub\nlink set hub up\n", s.hub.address); err != nil {
		if text := err.Error(); strings.Contains(text, "not permitted") || strings.Contains(text, "nknown device type") || strings.Contains(text, "not supported") {
			t.Skip("no bridge can be made here:", err)
		}
		t.Fatal(err)
	}
	s.address = net.JoinHostPort(s.hub.address, strconv.Itoa(talkPort))
	if err := os.WriteFile(filepath.Join(s.dir, "token"), []byte(strings.Repeat("0123456789abcdef", 4)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	certify(t, s.dir, net.ParseIP(s.hub.address))
	nats := s.hub.within(real.Program(t, "nats-server"), "-a", s.hub.address, "-p", strconv.Itoa(talkPort),
		"--tls", "--tlscert", "cert.pem", "--tlskey", "key.pem")
	s.nats = startProgram(t, s.dir, nats[0], nats[1:]...).Cmd
	return s
}

// certify makes a certificate of an address, and its key.
func certify(t testing.TB, dir string, at net.IP) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{at}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: certificate}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// machine is a new one, linked to the hub.
func (s *site) machine() *space {
	s.t.Helper()
	k := len(s.machines)
	m := newSpace(s.t, fmt.Sprintf("10.77.0.%d", 10+k))
	if err := s.hub.ip("link add v%d type veth peer name e netns %d\nlink set v%[1]d master hub up\n", k, m.holder.Process.Pid); err != nil {
		s.t.Fatal(err)
	}
	if err := m.ip("link set lo up\naddress add %s/24 dev e\nlink set e up\n", m.address); err != nil {
		s.t.Fatal(err)
	}
	s.machines = append(s.machines, m)
	return m
}

// link takes a machine's cable out at the hub, or puts it in again.
func (s *site) link(m *space, state string) {
	for k, one := range s.machines {
		if one == m {
			if err := s.hub.ip("link set v%d %s\n", k, state); err != nil {
				s.t.Error(err)
			}
		}
	}
}

// start starts a command of the program on a machine, or of another one of that kind,
// over the server at an address; other flags come after these.
func (s *site) start(m *space, program, at, command string, more ...string) *process {
	words := m.within("env", "SSL_CERT_FILE=cert.pem", program, command, "--nats", "tls://"+at, "--token-file", "token")
	return startProgram(s.t, s.dir, words[0], append(words[1:], more...)...)
}

// agent starts one of that name on a machine.
func (s *site) agent(m *space, program, at, name string, more ...string) *process {
	one := s.start(m, program, at, "agent", append([]string{"--name", name, "--once", "--allow-target", s.hub.address}, more...)...)
	s.agents = append(s.agents, one)
	return one
}

// lead starts the coordinator, of the agents that there are, on a machine of its own.
func (s *site) lead(m *space, at string, more ...string) {
	s.coordinator = s.start(m, "plimsoll", at, "run", append([]string{"s.yaml", "--agents", strconv.Itoa(len(s.agents)), "--allow-late"}, more...)...)
}
