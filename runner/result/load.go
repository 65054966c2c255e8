package result

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads a result and makes sure that it can be trusted: the laws of Check
// hold, and every distribution's encoding agrees with its count and extremes
// (those of the timeline's windows are looked at when they are used). Path is
// a run.json, a result directory, or `latest`.
//
// Fields that this version does not know are passed over: a newer plimsoll may
// add some within a format. A newer format is refused.
func Load(path string) (*Run, error) {
	file, err := locate(path)
	if err != nil {
		return nil, err
	}
	journal, locked := openJournal(file)
	if journal != nil {
		defer journal.Close()
	}
	for tries := 1; ; tries++ {
		run, err := readRun(file)
		if err != nil {
			return nil, err
		}
		if journal == nil || run.Exit != UnderWay {
			return run, nil
		}
		own, added, err := replay(run, journal)
		if errors.Is(err, errGap) && tries < 3 { // its writer was at it
			if _, err := journal.Seek(0, io.SeekStart); err == nil {
				continue
			}
		}
		if err == nil {
			err = run.Check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if own && locked && (!added || mended(file, run)) {
			_ = os.Remove(journal.Name())
		}
		return run, nil
	}
}

// openJournal opens what a run that has not ended left beside its run.json,
// and tells whether nobody writes to it any more; nil where there is none.
func openJournal(file string) (journal *os.File, locked bool) {
	name := journalOf(file)
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	if journal, _ = os.Open(name); journal == nil {
		return nil, false
	}
	return journal, lock(journal)
}

// mended makes the run.json of a run that was killed whole, for those who read
// it by other means. Where it cannot, the journal stays and does as well.
func mended(file string, run *Run) bool {
	return WriteFile(file, func(w io.Writer) error { return Encode(w, run) }) == nil
}

// readRun reads a run.json alone.
func readRun(path string) (*Run, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the result %s: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s is not a result: a %s is a file of at most %d MB", path, FileName, maxFileBytes>>20)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the result %s: %w", path, err)
	}
	defer file.Close()
	run, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return run, nil
}

// locate finds the run.json that path means.
func locate(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no result at %s: give a %s, a result directory, or results/%s", path, FileName, latest)
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the result %s: %w", path, err)
	}
	if !info.IsDir() && filepath.Base(path) == latest {
		if path, err = followPointer(path); err != nil {
			return "", err
		}
	} else if !info.IsDir() {
		return path, nil
	}
	file := filepath.Join(path, FileName)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(path, latest)); err == nil {
			return "", fmt.Errorf("%s holds several results: give one of them, such as %s", path, filepath.Join(path, latest))
		}
		return "", fmt.Errorf("%s holds no %s: either it is no result directory, or the run ended before its first trial did", path, FileName)
	}
	return file, nil
}

// trust checks the laws and that the encoded distributions are what the
// figures beside them say.
func (t *Trial) trust() error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("%s: %w", t.name(), err)
	}
	if err := decodable(t.dists()); err != nil {
		return fmt.Errorf("%s: %w", t.name(), err)
	}
	for i := range t.Steps {
		if err := decodable(t.Steps[i].dists()); err != nil {
			return fmt.Errorf("%s: step %s: %w", t.name(), t.Steps[i].Path, err)
		}
	}
	for i := range t.Beside {
		if err := t.Beside[i].trust(); err != nil {
			return fmt.Errorf("%s: beside: %w", t.name(), err)
		}
	}
	return nil
}

func decodable(dists []namedDist) error {
	for _, d := range dists {
		if _, err := d.dist.Histogram(); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}
