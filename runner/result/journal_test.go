package result

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// manyTrials are so many trials of 100 calls.
func manyTrials(n int) []Trial {
	var took []time.Duration
	for i := range 100 {
		took = append(took, time.Duration(i*i)*time.Microsecond)
	}
	trials := make([]Trial, n)
	for i := range trials {
		trials[i] = trialOf("s", "sequential", Point{Requests: 100}, i, took, nil)
	}
	return trials
}

// written is what saving has cost so far: what stands in the directory's files
// now and did before they were written anew.
type written struct {
	dir   string
	sizes map[string]int64
	bytes int64
}

func (w *written) look(t *testing.T) {
	for _, name := range []string{"run.json", "run.journal"} {
		info, err := os.Stat(filepath.Join(w.dir, name))
		if err != nil {
			continue
		}
		switch size := info.Size(); {
		case size > w.sizes[name] && name == "run.journal":
			w.bytes += size - w.sizes[name] // appended
			w.sizes[name] = size
		case size != w.sizes[name]:
			w.bytes += size
			w.sizes[name] = size
		}
	}
}

// The bytes that saving writes grow with what is saved, not with its square,
// and at every moment all that was saved can be loaded.
func TestSavingCostsAsMuchAsThereIs(t *testing.T) {
	perTrial := map[int]float64{}
	for _, n := range []int{25, 100, 400} {
		dir, trials := t.TempDir(), manyTrials(n)
		cost := written{dir: dir, sizes: map[string]int64{}}
		run := &Run{Format: Format, Exit: UnderWay, Planned: n}
		journal := NewJournal(dir)
		for i := range trials {
			begun := trialOf("s", "sequential", Point{Requests: 100}, i, nil, nil)
			begun.Ended = ""
			run.UnderWay = &begun
			keep(t, journal, run)
			cost.look(t)
			run.UnderWay, run.Trials = nil, trials[:i+1]
			keep(t, journal, run)
			cost.look(t)
			if i%37 == 0 && n == 100 {
				if found, err := Load(dir); err != nil || len(found.Trials) != i+1 || found.Exit != UnderWay {
					t.Fatalf("after %d trials: %v", i+1, err)
				}
			}
		}
		run.Exit = 0
		keep(t, journal, run)
		cost.look(t)
		info, err := os.Stat(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		perTrial[n] = float64(cost.bytes) / float64(n)
		t.Logf("%d trials: run.json takes %d KB, saving it wrote %d KB", n, info.Size()>>10, cost.bytes>>10)
		if cost.bytes > 5*info.Size() {
			t.Errorf("%d trials: %d bytes written for a run.json of %d", n, cost.bytes, info.Size())
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left beside run.json: %v", left)
		}
	}
	if perTrial[400] > 1.5*perTrial[25] {
		t.Errorf("bytes a trial: %v", perTrial)
	}
}

func keep(t interface{ Fatal(...any) }, j *Journal, run *Run) {
	if err := j.Save(run); err != nil {
		t.Fatal(err)
	}
}

// Whatever a kill leaves of the last thing that was written, all trials saved
// before it are there, in their order, and the state of the search.
func TestATornJournalLosesNothing(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		run := drawRun(t)
		all := run.Trials
		run.Trials, run.Exit, run.Speedups, run.Verdicts = []Trial{}, UnderWay, []Speedup{}, []Verdict{}
		run.Capacities = []Capacity{aCapacity()}
		steps := run.Capacities[0].Steps
		journal := NewJournal(dir)
		keep(t, journal, run)
		for i := range all {
			begun := all[i]
			begun = trialOf(begun.Scenario, begun.Mode, begun.Sweep, begun.Repeat, nil, nil)
			begun.Ended = ""
			run.UnderWay = &begun
			if rapid.Bool().Draw(t, "begun") {
				keep(t, journal, run)
			}
			run.UnderWay, run.Trials = nil, all[:i+1]
			run.Capacities[0].Steps = steps[:min(i, len(steps))]
			keep(t, journal, run)
		}
		name := filepath.Join(dir, "run.journal")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		torn := rapid.SliceOf(rapid.Byte()).Draw(t, "torn")
		torn = bytes.ReplaceAll(torn, []byte("\n"), nil)
		if err := os.WriteFile(name, append(text, torn...), 0o666); err != nil {
			t.Fatal(err)
		}
		_ = journal.file.Close() // as a kill does
		for _, when := range []string{"first", "mended"} {
			found, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(found, run) {
				t.Fatalf("%s: saved %+v, loaded %+v", when, run, found)
			}
		}
		mended, err := readRun(filepath.Join(dir, FileName))
		if err != nil || len(mended.Trials) != len(all) {
			t.Fatalf("run.json alone, once somebody has loaded it: %v", err)
		}
	})
}

// What is still under way is mended by nobody but its own writer.
func TestWhatIsUnderWayIsLeftAlone(t *testing.T) {
	dir, trials := t.TempDir(), manyTrials(20)
	run := &Run{Format: Format, Exit: UnderWay}
	journal := NewJournal(dir)
	for i := range trials {
		run.Trials = trials[:i+1]
		keep(t, journal, run)
		before := bytesOf(t, dir)
		if found, err := Load(dir); err != nil || len(found.Trials) != i+1 {
			t.Fatalf("after %d trials: %v", i+1, err)
		}
		if !bytes.Equal(before, bytesOf(t, dir)) {
			t.Fatal("reading has changed the result of a run under way")
		}
	}
	run.Exit = 1
	keep(t, journal, run)
	if found, err := Load(dir); err != nil || found.Exit != 1 || len(found.Trials) != len(trials) {
		t.Errorf("%v", err)
	}
}

// A journal of another run is none of this one's.
func TestAForeignJournalIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	run := &Run{Format: Format, Exit: UnderWay, Started: time.Unix(1, 0), Trials: manyTrials(1)}
	if err := Save(dir, run); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"another run":   `{"format":1,"started":"2020-01-01T00:00:00Z"}` + "\n{}\n",
		"another thing": "hello\n",
		"nothing":       "",
		"half a line":   `{"format":1,"star`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "run.journal"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if found, err := Load(dir); err != nil || len(found.Trials) != 1 {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "run.journal")); err != nil {
			t.Errorf("%s: it was taken away: %v", what, err)
		}
	}
	head := `{"format":1,"started":"1970-01-01T00:00:01Z"}` + "\n"
	for text, says := range map[string]string{
		"{}\n":                         "line 2 of its journal: it holds no trial",
		`{"at":7,"trial":{}}` + "\n":   "line 2 of its journal: trials before it are missing",
		`{"at":1,"trial":{` + "\n":     "line 2 of its journal: unexpected end",
		`{"at":1,"trial":{}}` + "\n":   "has no scenario",
		strings.Repeat("x", maxLine+9): "token too long",
	} {
		if err := os.WriteFile(filepath.Join(dir, "run.journal"), []byte(head+text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: says %v, want %q", text, err, says)
		}
	}
}

// A run that has not ended says so: its exit is null, and so is the ending of
// the trial that was under way.
func TestNoEndIsNull(t *testing.T) {
	begun := trialOf("s", "m", Point{}, 1, nil, nil)
	begun.Ended = ""
	run := &Run{Exit: UnderWay, Trials: manyTrials(1), UnderWay: &begun}
	text := string(encoded(t, run))
	for _, want := range []string{`"exit": null,`, `"ended": "complete",`, `"ended": null,`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	found, err := parse(strings.NewReader(text))
	if err != nil || found.Exit != UnderWay || found.UnderWay == nil || len(found.Trials) != 1 {
		t.Errorf("%v: %+v", err, found)
	}
	ended := strings.Replace(text, `"exit": null`, `"exit": 0`, 1)
	if _, err := parse(strings.NewReader(ended)); err == nil {
		t.Error("a run that has ended has a trial that has not")
	}
}

// A run that would grow larger than any that can be read ends before it is.
func TestWhatIsSavedCanBeRead(t *testing.T) {
	journal := NewJournal(t.TempDir())
	run := &Run{Format: Format, Exit: UnderWay}
	keep(t, journal, run)
	journal.whole = maxFileBytes - reserved // as if
	run.Trials = manyTrials(1)
	if err := journal.Save(run); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("beyond %d MB", maxFileBytes>>20)) {
		t.Errorf("says %v", err)
	}
	run.Exit = 3
	keep(t, journal, run)
	if found, err := Load(journal.dir); err != nil || len(found.Trials) != 1 {
		t.Errorf("what was measured is lost: %v", err)
	}
}

// bytesOf are the contents of a directory's files.
func bytesOf(t *testing.T, dir string) (all []byte) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		_ = file.Close()
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, name...), content...)
	}
	return all
}
