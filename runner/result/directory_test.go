package result

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 2, 3, 13, 5, 6, 7, time.FixedZone("CET", 3600))

func TestDirectoriesAreNamedByTimeAndFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a", "results")
	for _, c := range []struct{ file, want string }{
		{"scenarios.yaml", "2026-02-03T12-05-06Z-scenarios"},
		{"scenarios.yaml", "2026-02-03T12-05-06Z-scenarios-2"},
		{"/else/where/scenarios.yml", "2026-02-03T12-05-06Z-scenarios-3"},
		{"-", "2026-02-03T12-05-06Z-stdin"},
		{"my load: été*.yaml", "2026-02-03T12-05-06Z-my-load--été"},
		{".hidden", "2026-02-03T12-05-06Z-run"},
		{"..", "2026-02-03T12-05-06Z-run-2"},
		{"", "2026-02-03T12-05-06Z-run-3"},
	} {
		dir, err := NewDirectory(out, noon, c.file)
		if err != nil || dir != filepath.Join(out, c.want) {
			t.Errorf("%q: %s, %v; want %s", c.file, dir, err, c.want)
		}
	}
}

func TestDirectoriesNeverCollide(t *testing.T) {
	out := t.TempDir()
	var all sync.Map
	var wait sync.WaitGroup
	for range 30 {
		wait.Go(func() {
			dir, err := NewDirectory(out, noon, "s.yaml")
			if _, taken := all.LoadOrStore(dir, true); taken || err != nil {
				t.Errorf("%s taken: %v, %v", dir, taken, err)
			}
		})
	}
	wait.Wait()
	if made, err := os.ReadDir(out); len(made) != 30 {
		t.Errorf("%d directories, %v", len(made), err)
	}
}

func TestNoDirectoryInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	os.WriteFile(file, nil, 0o666)
	if dir, err := NewDirectory(file, noon, "s.yaml"); err == nil {
		t.Errorf("made %s", dir)
	}
}

// result saves a run of the seed into a directory of its own.
func saved(t *testing.T, out string, seed uint64) string {
	dir, err := NewDirectory(out, noon, "s.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := Save(dir, &Run{Seed: seed}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func wantSeed(t *testing.T, path string, seed uint64) {
	t.Helper()
	run, err := Load(path)
	if err != nil || run.Seed != seed {
		t.Errorf("%s: %v, %v; want seed %d", path, run, err, seed)
	}
}

func TestLatestPointsAtTheNewest(t *testing.T) {
	out := t.TempDir()
	latest := filepath.Join(out, "latest")
	for seed := range uint64(3) {
		dir := saved(t, out, seed)
		if err := PointLatest(dir); err != nil {
			t.Fatal(err)
		}
		wantSeed(t, latest, seed)
		wantSeed(t, filepath.Join(latest, FileName), seed)
		wantSeed(t, filepath.Join(dir, FileName), seed)
	}
	// The folder as a whole can be moved.
	moved := out + "-moved"
	if err := os.Rename(out, moved); err != nil {
		t.Fatal(err)
	}
	wantSeed(t, filepath.Join(moved, "latest"), 2)
	if left, _ := filepath.Glob(filepath.Join(moved, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLatestMayBeATextFile(t *testing.T) {
	out := t.TempDir()
	dir := saved(t, out, 7)
	if err := os.WriteFile(filepath.Join(out, "latest"), []byte(filepath.Base(dir)+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	wantSeed(t, filepath.Join(out, "latest"), 7)
	if err := PointLatest(saved(t, out, 8)); err != nil { // takes its place
		t.Fatal(err)
	}
	wantSeed(t, filepath.Join(out, "latest"), 8)
}

func TestLatestOverADirectoryIsAnError(t *testing.T) {
	out := t.TempDir()
	os.MkdirAll(filepath.Join(out, "latest", "x"), 0o777)
	if err := PointLatest(saved(t, out, 1)); err == nil {
		t.Error("a directory was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(out, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
