package result

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Journal saves a run while it grows, so that a kill at any moment loses none
// of its trials and all the saving together costs as much as a few results of
// the final size. What is new is appended to a file beside run.json, a line for
// each trial, on the disk before Save returns; run.json is written anew, whole,
// whenever as much has been appended as it holds, and when the run has ended.
// Then the journal is gone. Load reads both.
type Journal struct {
	dir      string
	file     *os.File
	head     int64 // length of the line that says whose journal it is
	appended int64 // bytes behind it
	whole    int64 // bytes of run.json
	trials   int   // that are saved
	search   []byte
}

// NewJournal saves a run into dir, which belongs to it alone.
func NewJournal(dir string) *Journal { return &Journal{dir: dir} }

// journalOf is the name of the journal beside a run.json.
func journalOf(file string) string { return strings.TrimSuffix(file, ".json") + ".journal" }

// owner is a journal's first line: the run that it belongs to.
type owner struct {
	Format  int       `json:"format"`
	Started time.Time `json:"started"`
}

// entry is any other line: the trial that comes after At others, or that is
// under way after them, and what changed with it.
type entry struct {
	At      int    `json:"at"`
	Trial   *Trial `json:"trial"`
	Planned int    `json:"trials_planned"`
	// Search is which of the searches, from 1, Capacity is the state of.
	Search   int             `json:"search,omitempty"`
	Capacity json.RawMessage `json:"capacity,omitempty"`
}

// Save saves the run as far as it has come; once it has ended for good.
func (j *Journal) Save(run *Run) error {
	switch {
	case run.Exit != UnderWay:
		return j.end(run)
	case j.file == nil:
		if err := j.begin(run); err != nil {
			return fmt.Errorf("cannot save the run: %w", err)
		}
		return j.rewrite(run)
	case j.appended >= j.whole:
		return j.rewrite(run)
	}
	return j.append(run)
}

// begin makes the journal. It stays locked until the run has ended or was
// killed: nobody mends what is still under way.
func (j *Journal) begin(run *Run) error {
	file, err := os.OpenFile(journalOf(filepath.Join(j.dir, FileName)), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	lock(file)
	line, err := json.Marshal(owner{Format, run.Started})
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	j.file, j.head = file, int64(len(line))+1
	return nil
}

// rewrite writes run.json whole, which makes the journal's lines worthless.
func (j *Journal) rewrite(run *Run) (err error) {
	if j.whole, err = save(j.dir, run); err != nil {
		return err
	}
	j.trials, j.appended, j.search = len(run.Trials), 0, nil
	if err := j.cut(); err != nil {
		return fmt.Errorf("cannot save the run: %w", err)
	}
	return nil
}

// cut takes off what stands behind what was appended whole.
func (j *Journal) cut() error {
	if err := j.file.Truncate(j.head + j.appended); err != nil {
		return err
	}
	_, err := j.file.Seek(j.head+j.appended, io.SeekStart)
	return err
}

// append appends what is new.
func (j *Journal) append(run *Run) error {
	lines, search, err := j.news(run)
	if err == nil && j.whole+j.appended+int64(len(lines)) > maxFileBytes-reserved {
		return fmt.Errorf("cannot save the run: its %s would grow beyond %d MB, and no plimsoll would read it: make several files of its scenarios, or fewer trials",
			FileName, maxFileBytes>>20)
	}
	if err == nil {
		_, err = j.file.Write(lines)
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("cannot save the run: %w", errors.Join(err, j.cut()))
	}
	j.appended += int64(len(lines))
	j.trials, j.search = len(run.Trials), search
	return nil
}

// news are the lines to append, and the state of the last search in them.
func (j *Journal) news(run *Run) (lines, search []byte, err error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	last := entry{Planned: run.Planned}
	if n := len(run.Capacities); n > 0 {
		if search, err = json.Marshal(run.Capacities[n-1]); err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(search, j.search) {
			last.Search, last.Capacity = n, search
		}
	}
	for i := j.trials; i < len(run.Trials); i++ {
		if err := run.Trials[i].Check(); err != nil {
			return nil, nil, fmt.Errorf("a bug of plimsoll: %w", err)
		}
		line := entry{At: i, Trial: run.Trials[i].whole(), Planned: run.Planned}
		if i == len(run.Trials)-1 && run.UnderWay == nil {
			line.Search, line.Capacity = last.Search, last.Capacity
		}
		if err := encoder.Encode(line); err != nil {
			return nil, nil, err
		}
	}
	if run.UnderWay != nil {
		last.At, last.Trial = len(run.Trials), run.UnderWay.whole()
		err = encoder.Encode(last)
	}
	return out.Bytes(), search, err
}

// end saves the run for good.
func (j *Journal) end(run *Run) error {
	_, err := save(j.dir, run)
	if j.file == nil {
		return err
	}
	_ = j.file.Close() // nothing is to be written any more
	if err == nil {
		err = os.Remove(j.file.Name())
	}
	return err
}

// replay adds to a run what its own journal knows beyond it. A line that a kill
// has torn is none; added tells whether there was anything, and errGap that the
// run was read before it was written anew.
func replay(run *Run, journal io.Reader) (own, added bool, err error) {
	lines := bufio.NewScanner(journal)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	var of owner
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &of) != nil || of.Format != Format || !of.Started.Equal(run.Started) {
		return false, false, lines.Err() // of another run, or of none yet
	}
	for n := 2; lines.Scan(); n++ {
		more, err := run.take(lines.Bytes())
		if err != nil {
			return true, added, fmt.Errorf("line %d of its journal: %w", n, err)
		}
		added = added || more
	}
	return true, added, lines.Err()
}

var errGap = errors.New("trials before it are missing")

// take adds one line.
func (r *Run) take(line []byte) (added bool, err error) {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return false, err
	}
	switch {
	case e.Trial == nil || e.At < 0:
		return false, errors.New("it holds no trial")
	case e.At > len(r.Trials):
		return false, errGap
	case e.At < len(r.Trials):
		return false, nil
	}
	r.Planned = e.Planned
	if err := r.add(e.Trial); err != nil {
		return false, err
	}
	if e.Search == 0 {
		return true, nil
	}
	var c Capacity
	if err := json.Unmarshal(e.Capacity, &c); err != nil {
		return false, err
	}
	switch n := len(r.Capacities); e.Search {
	case n:
		r.Capacities[n-1] = c
	case n + 1:
		r.Capacities = append(r.Capacities, c)
	default:
		return false, errGap
	}
	return true, nil
}

// wholeLines splits a text into its lines, but for a last one without an end.
func wholeLines(data []byte, _ bool) (advance int, token []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	return 0, nil, nil
}
