package result

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// latest names the pointer to the newest result.
const latest = "latest"

// NewDirectory makes out/<UTC time>-<file name without its ending>/ for a run
// that began at started, and its parents. The file "-" is called stdin. Where
// the name is taken, by a run of the same second, "-2", "-3" … follows.
func NewDirectory(out string, started time.Time, file string) (string, error) {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return "", fmt.Errorf("cannot make the results' directory: %w", err)
	}
	// No colons: Windows has none in names.
	name := filepath.Join(out, started.UTC().Format("2006-01-02T15-04-05Z")+"-"+stem(file))
	for n := 1; ; n++ {
		dir := name
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", name, n)
		}
		// Mkdir decides who was first; looking before would be a race.
		err := os.Mkdir(dir, 0o777)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("cannot make the result directory: %w", err)
		}
	}
}

// stem is a file's name without folder and ending, fit to be part of a name on
// every system.
func stem(file string) string {
	if file == "-" {
		return "stdin"
	}
	base := filepath.Base(file)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	fit := func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}
	runes := []rune(strings.Trim(strings.Map(fit, base), ".-"))
	if len(runes) == 0 {
		return "run"
	}
	return string(runes[:min(len(runes), 50)])
}

// PointLatest makes `latest`, beside the result directory dir, point at it.
// It is a symbolic link, and where those cannot be made a small text file with
// the directory's name; either is replaced whole. Call it once dir holds a
// run.json, so that it always leads to one.
func PointLatest(dir string) error {
	out, name := filepath.Split(filepath.Clean(dir))
	pointer := filepath.Join(out, latest)
	temporary := filepath.Join(out, "."+latest+"-"+name) // dir is ours alone, so this is too
	os.Remove(temporary)                                 // of a run that was killed here
	if os.Symlink(name, temporary) != nil {
		return WriteFile(pointer, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, name)
			return err
		})
	}
	if err := os.Rename(temporary, pointer); err != nil {
		os.Remove(temporary)
		return fmt.Errorf("cannot point %s at %s: %w", pointer, name, err)
	}
	return nil
}

// followPointer reads a `latest` that is a text file.
func followPointer(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1000))
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	name := strings.TrimSpace(string(text))
	if name == "" || name != filepath.Base(name) || strings.ContainsAny(name, "\n\x00") {
		return "", fmt.Errorf("%s should hold the name of a result directory beside it", path)
	}
	dir := filepath.Join(filepath.Dir(path), name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s points at %s, which is no longer there", path, dir)
	}
	return dir, nil
}
