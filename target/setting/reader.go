package setting

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Problem is one thing that is wrong in the file, and what would be right.
type Problem struct {
	Pos
	Text string
}

// Reader goes through one file, replaces what comes from the environment and
// collects the problems.
type Reader struct {
	env      func(string) (string, bool)
	dir      string
	lines    []string
	problems []Problem
	warnings []Problem
	secrets  secrets
	secret   bool // what is being read now is a secret
	files    map[string][]byte
	inFiles  int // bytes
	named    []string
	confined bool // to dir
}

// NewReader reads with the given environment; files that are named in the
// scenario file are looked up from dir.
func NewReader(env func(string) (string, bool), dir string) *Reader {
	return &Reader{env: env, dir: dir}
}

// Problem reports what is wrong at a place.
func (r *Reader) Problem(at Pos, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.inside(at), fmt.Sprintf(format, args...)})
}

// Warn reports what can be done as it stands, but hardly be meant.
func (r *Reader) Warn(at Pos, format string, args ...any) {
	r.warnings = append(r.warnings, Problem{r.inside(at), "warning: " + fmt.Sprintf(format, args...)})
}

// Warnings are those reported, as Problems are.
func (r *Reader) Warnings() []Problem { return r.ordered(r.warnings) }

// Problems are all that were reported, in the order of the file, each once,
// with secrets taken out.
func (r *Reader) Problems() []Problem { return r.ordered(r.problems) }

func (r *Reader) ordered(reported []Problem) []Problem {
	problems := slices.Clone(reported)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	for i := range problems {
		problems[i].Text = r.Scrub(problems[i].Text)
	}
	// What an alias repeats would be reported at its anchor every time.
	return slices.Compact(problems)
}

// Lines are the lines of the file as it counts them for a Pos.
func (r *Reader) Lines() []string { return r.lines }

// Scrub replaces the secrets in a text by their ${NAME}; it must not be used
// before the whole file is read.
func (r *Reader) Scrub(text string) string { return r.secrets.scrub(text) }

// Scrubber is Scrub for whoever goes on without the Reader, and without the
// files that it has read.
func (r *Reader) Scrubber() func(text string) string {
	secrets := r.secrets
	return secrets.scrub
}

// inside moves a place that lies behind the end of the text to its end.
func (r *Reader) inside(at Pos) Pos {
	line := min(max(at.Line, 1), max(len(r.lines), 1))
	if line < at.Line {
		return Pos{line, r.width(line)}
	}
	return Pos{line, min(max(at.Column, 1), r.width(line))}
}

// width is the last column of a line: just behind its last character.
func (r *Reader) width(line int) int {
	if line > len(r.lines) {
		return 1
	}
	return utf8.RuneCountInString(r.lines[line-1]) + 1
}

// scalar is the text of a single value, with the environment's put in. Only
// an explicit "" is empty; a value that is left out is a mistake.
func (r *Reader) scalar(n *yaml.Node, want string) (string, bool) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		r.mismatch(n, want)
		return "", false
	}
	return r.substitute(place(n), n.Value)
}

// takes tells whether a shape's Read finds nothing wrong with a value.
func takes[T any](r *Reader, n *yaml.Node, read func(*Reader, *yaml.Node) (T, bool)) bool {
	_, ok := read(&Reader{env: r.env, dir: r.dir, lines: r.lines, confined: r.confined}, n)
	return ok
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// mismatch reports a value of the wrong form.
func (r *Reader) mismatch(n *yaml.Node, want string) {
	r.Problem(place(n), "expected %s, found %s", want, describe(n))
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a map"
	case isNull(n):
		return "nothing"
	}
	return fmt.Sprintf("%q", clip(n.Value))
}

// Confine keeps the reader to its folder: what is named elsewhere is a problem, and
// is not looked at.
func (r *Reader) Confine() { r.confined = true }

// Confined tells whether it is.
func (r *Reader) Confined() bool { return r.confined }

// Named are the files, and folders, that were named in the scenario file, as it
// spells them, each once.
func (r *Reader) Named() []string { return r.named }

// Path finds a file that is named in the scenario file.
func (r *Reader) Path(name string) string {
	if !slices.Contains(r.named, name) {
		r.named = append(r.named, name)
	}
	if r.confined && !filepath.IsLocal(filepath.FromSlash(name)) {
		r.Problem(Pos{1, 1}, "%q lies outside of the scenario file's folder, where nothing is read or written", clip(name))
		return filepath.Join(r.dir, "outside")
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, name)
}

// largest is the size in bytes of the largest file that is read whole.
const largest = 64 << 20

// allFiles is how many bytes all of them may have; one that is named again is
// read once.
const allFiles = 4 * largest

// File reads a file that is named at a place in the scenario file. Whoever gets
// it must not change it.
func (r *Reader) File(at Pos, name string) ([]byte, bool) {
	path := r.Path(name)
	if text, known := r.files[path]; known {
		return text, true
	}
	text, err := readRegular(path)
	if err == nil && r.inFiles+len(text) > allFiles {
		err = fmt.Errorf("with it the files come to more than %d MiB", allFiles>>20)
	}
	if err != nil {
		r.Problem(at, "cannot read the file %q: %v", name, err)
		return nil, false
	}
	if r.files == nil {
		r.files = map[string][]byte{}
	}
	r.files[path] = text
	r.inFiles += len(text)
	return text, true
}

func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, errors.New("it does not exist (paths count from the scenario file's folder)")
	case err != nil:
		return nil, cause(err)
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no ordinary file") // a device or a pipe might never end
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(text) > largest {
		return nil, fmt.Errorf("it is larger than %d MiB", largest>>20)
	}
	return text, nil
}

// cause leaves out the path, which the message has already.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
