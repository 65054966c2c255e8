package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Every error by which a system names a limit is that limit, however deep it
// is wrapped and also where only its words are left; no other error is one.
func TestErrorsThatAreLimits(t *testing.T) {
	for errno, want := range map[syscall.Errno]Limit{
		syscall.EMFILE: Descriptors, syscall.ENFILE: AllDescriptors, syscall.EADDRNOTAVAIL: Ports, syscall.EADDRINUSE: Ports,
		syscall.ENOBUFS: Buffers, syscall.ENOMEM: Memory,
		syscall.ECONNREFUSED: 0, syscall.ECONNRESET: 0, syscall.ETIMEDOUT: 0, syscall.EHOSTUNREACH: 0, syscall.ENETUNREACH: 0, syscall.EPIPE: 0, syscall.EACCES: 0,
	} {
		dial := &net.OpError{Op: "dial", Net: "tcp", Err: &os.SyscallError{Syscall: "socket", Err: errno}}
		lookup := &net.DNSError{Err: dial.Error(), Name: "shop"}
		for _, err := range []error{errno, dial, fmt.Errorf("connecting: %w", dial), lookup} {
			if got := LimitOf(err); got != want {
				t.Errorf("%v is %v, want %v", err, got, want)
			}
		}
		if got := Named("GET http://shop: " + want.String()); got != want {
			t.Errorf("%v reads as %v, want %v", errno, got, want)
		}
	}
	if LimitOf(nil) != 0 || LimitOf(errors.New("no answer")) != 0 || Named("") != 0 {
		t.Error("nothing is a limit")
	}
	for _, limit := range []Limit{AllDescriptors, Descriptors, Ports, Buffers, Memory} {
		if text := limit.String(); !strings.Contains(text, "ran out of") || !strings.Contains(text, ": ") {
			t.Errorf("%d: %q", limit, text)
		}
	}
}

// The group that governs a controller is found in both versions, within a name
// space of its own and beside other mounts.
func TestGroupFolders(t *testing.T) {
	const (
		v1 = "30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		v2 = "30 22 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		in = "30 22 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
	)
	for _, c := range []struct{ name, mounts, member, controller, want string }{
		{"v1", v1, "4:memory:/a\n1:cpu,cpuacct:/a/b\n0::/\n", "cpu", "/sys/fs/cgroup/cpu,cpuacct/a/b"},
		{"v1, memory", v1, "4:memory:/a\n1:cpu,cpuacct:/a/b\n0::/\n", "memory", "/sys/fs/cgroup/memory/a"},
		{"v2", v2, "0::/user.slice/run\n", "cpu", "/sys/fs/cgroup/user.slice/run"},
		{"v2, in a container", in, "0::/docker/abc\n", "cpu", "/sys/fs/cgroup"},
		{"v2, in a name space", in, "0::/\n", "cpu", "/sys/fs/cgroup"},
		{"none", "", "", "cpu", ""},
		{"nonsense", "a - b\n - \n", "::\nx\n", "cpu", ""},
	} {
		if got := groupFolder(c.mounts, c.member, c.controller); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The least quota of a group and those around it holds; what it was throttled
// by is read from either version's words.
func TestQuotas(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		quota float64
		slept time.Duration
	}{
		{"none", map[string]string{}, 0, 0},
		{"v2 without", map[string]string{"a/b/cpu.max": "max 100000\n", "a/b/cpu.stat": "usage_usec 5\nthrottled_usec 0\n"}, 0, 0},
		{"v2", map[string]string{"a/b/cpu.max": "150000 100000\n", "a/b/cpu.stat": "nr_throttled 3\nthrottled_usec 2500\n"}, 1.5, 2500 * time.Microsecond},
		{"v2, around it", map[string]string{"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "50000 100000\n"}, 0.5, 0},
		{"v1", map[string]string{"a/b/cpu.cfs_quota_us": "20000\n", "a/b/cpu.cfs_period_us": "100000\n", "a/b/cpu.stat": "throttled_time 700\n"}, 0.2, 700},
		{"v1 without", map[string]string{"a/b/cpu.cfs_quota_us": "-1\n", "a/b/cpu.cfs_period_us": "100000\n"}, 0, 0},
	} {
		dir := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		g := cgroups{cpu: filepath.Join(dir, "a", "b")}
		if quota, slept := g.quota(), g.throttled(); quota != c.quota || slept != c.slept {
			t.Errorf("%s: %v processors, throttled %v; want %v, %v", c.name, quota, slept, c.quota, c.slept)
		}
	}
	for quota, want := range map[float64]int{0: 4, 0.2: 1, 1: 1, 1.5: 2, 3: 3, 4: 4, 9: 4} {
		if got := within(quota, 4); got != want {
			t.Errorf("a quota of %v on 4 processors: %d, want %d", quota, got, want)
		}
	}
}

func TestThisHost(t *testing.T) {
	if n := Processors(); n < 1 || n > runtime.NumCPU() {
		t.Errorf("%d processors of %d", n, runtime.NumCPU())
	}
	if runtime.GOOS != "linux" {
		return
	}
	before := DescriptorsOpen()
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if after := DescriptorsOpen(); before < 3 || after <= before || after > DescriptorLimit() {
		t.Errorf("%d open, then %d, of %d", before, after, DescriptorLimit())
	}
	if ports() < 1 || fileMax() < 1 {
		t.Errorf("%d ports, %d files", ports(), fileMax())
	}
	if first := Asleep(); first < 0 && first < -time.Second || Asleep()-first > time.Hour {
		t.Errorf("asleep for %v, then %v", first, Asleep())
	}
}
