package result

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLoadUndoesSave(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		run := drawRun(t)
		if err := Save(dir, run); err != nil {
			t.Fatal(err)
		}
		first := read(t, dir)
		again, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, run) {
			t.Fatalf("saved %+v, loaded %+v", run, again)
		}
		if err := Save(dir, again); err != nil {
			t.Fatal(err)
		}
		if second := read(t, dir); !bytes.Equal(first, second) {
			t.Fatalf("equal runs, other bytes:\n%s\n%s", first, second)
		}
	})
}

func read(t interface{ Fatal(...any) }, dir string) []byte {
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSavedTextIsForPeople(t *testing.T) {
	dir := t.TempDir()
	if err := Save(dir, &Run{File: File{Text: "p99 < 200ms"}}); err != nil {
		t.Fatal(err)
	}
	text := string(read(t, dir))
	for _, want := range []string{`"format": 1`, "p99 < 200ms", `"trials": []`, `"speedups": []`, `"verdicts": []`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}

func TestARefusedRunLeavesTheSavedOne(t *testing.T) {
	dir := t.TempDir()
	run := fullRun()
	if err := Save(dir, run); err != nil {
		t.Fatal(err)
	}
	before := read(t, dir)
	run.Trials[0].MakespanS = math.NaN()
	if err := Save(dir, run); err == nil || !strings.Contains(err.Error(), "makespan_s is NaN") {
		t.Errorf("NaN was saved: %v", err)
	}
	if !bytes.Equal(before, read(t, dir)) {
		t.Error("what was saved before is gone")
	}
}

func TestWriteFileIsWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	old := func(w io.Writer) error { _, err := io.WriteString(w, "old"); return err }
	if err := WriteFile(path, old); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := WriteFile(path, func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v should name the cause and %s", err, path)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("the file holds %d other bytes", len(b))
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := WriteFile(filepath.Join(path, "under-a-file"), old); err == nil {
		t.Error("wrote into a folder that is none")
	}
}

// What a reader finds at any moment is what a kill at that moment would leave.
func TestAtAnyMomentTheFileIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write := func(letter byte) {
		content := bytes.Repeat([]byte{letter}, 4<<20)
		if err := WriteFile(path, func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
			t.Error(err)
		}
	}
	write('a')
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20 {
			write("ab"[i%2])
		}
	}()
	for reads := 0; ; reads++ {
		content, err := os.ReadFile(path)
		if err != nil || len(content) != 4<<20 || bytes.Count(content, content[:1]) != len(content) {
			t.Errorf("read %d bytes, %v: not one whole file", len(content), err)
		}
		select {
		case <-done:
			t.Logf("%d reads", reads)
			return
		default:
		}
	}
}
