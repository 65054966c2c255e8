package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk is a folder on a file system of 64 KB, which a test fills up.
func smallDisk(t *testing.T) (dir string, fill func()) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("no file system of one's own may be mounted here:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir, func() {
		file, err := os.Create(filepath.Join(dir, "filler"))
		if err != nil {
			t.Error(err)
			return
		}
		defer file.Close()
		for piece := make([]byte, 4096); err == nil; {
			_, err = file.Write(piece)
		}
	}
}

// An agent whose disk is full says so, once, and goes on: what it records counts, as
// that of an agent does which has room. What was kept before stays as long as no
// coordinator has it all.
func TestDiskOfAnAgentIsFull(t *testing.T) {
	dir, fill := smallDisk(t)
	s := newServer(t)
	a := hire(t, s.talk(token), "a", func(one *Agent, h *hired) { one.Keep, h.takes = dir, time.Millisecond })
	b := hire(t, s.talk(token), "b", func(one *Agent, h *hired) { one.Keep, h.takes = t.TempDir(), time.Millisecond })
	c, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	filled := false
	sums, out := carried(c, fakeOrder{Intervals: 1500}, true, func(share int) {
		if share == 0 && !filled {
			filled = true
			fill()
		}
	})
	if out.Err != nil || !filled {
		t.Fatal(out.Err)
	}
	for k, share := range out.Shares {
		if sums[k] != 1500 || share.Agent.Lost != "" || share.Why != "" {
			t.Errorf("%d intervals of share %d, %+v", sums[k], k, share)
		}
	}
	if n := strings.Count(a.noted(), "can no longer be kept on disk"); n != 1 || !strings.Contains(a.noted(), "no space left") || strings.Contains(b.noted(), "disk") {
		t.Errorf("it is said %d times: %q, and by the other %q", n, a.noted(), b.noted())
	}
}
