package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"plimsoll/runner/result"
)

// A coordinator whose disk is full from the second trial on says so and ends with 3:
// the first trial's result stays as it was written, what was measured of the second is
// still printed, its agents end in good order, and every call that is told of the
// server has counted.
func TestFleetOnAFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	disk := t.TempDir()
	if err := unix.Mount("none", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("no file system of one's own may be mounted here:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	server := countedServer(t)
	f := muster(t, 2, steadily(server.url, 60, 1)+`
  - {name: second, target: t, duration: 4s, drain: 2s, modes: [{rate-limited: 60/s}]}
`, "--allow-late", "--out", disk)
	saved := func() *result.Run {
		found, _ := filepath.Glob(filepath.Join(disk, "*-s", result.FileName))
		if len(found) != 1 {
			return nil
		}
		run, err := result.Load(filepath.Dir(found[0]))
		if err != nil {
			return nil
		}
		return run
	}
	eventually(t, "the first trial is saved, and the second loads", func() bool {
		run := saved()
		return run != nil && len(run.Trials) == 1 && run.Trials[0].OK == 60 && server.n.Load() > 70
	})
	fillUp(t, disk)
	end := f.coordinator.wait(t)
	for _, a := range f.agents {
		if end := a.wait(t); end.code != 0 {
			t.Errorf("an agent ended with %d: %s", end.code, end.stderr)
		}
	}
	if end.code != 3 || !strings.Contains(end.stderr, "no space left on device") || !strings.Contains(end.stderr, disk) {
		t.Errorf("exit code %d: %s", end.code, end.stderr)
	}
	if !strings.Contains(end.stdout, "second") || server.n.Load() != 300 {
		t.Errorf("the server counts %d\n%s", server.n.Load(), end.stdout)
	}
	if run := saved(); run == nil || len(run.Trials) != 1 || run.Trials[0].OK != 60 {
		t.Errorf("of what was saved before there is %+v", run)
	}
}

// fillUp leaves no room on a disk.
func fillUp(t *testing.T, disk string) {
	t.Helper()
	file, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for piece := make([]byte, 4096); err == nil; {
		_, err = file.Write(piece)
	}
}
