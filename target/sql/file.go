package sql

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// sqlite is a file, in this process.
type sqlite struct {
	dsn string // "": a private one
}

// errAbsent says what to do where SQLite is not built in.
var errAbsent = errors.New("this plimsoll was built without SQLite: build it with `go build -tags embedded ./cmd/plimsoll` (or go run -tags embedded ./cmd/plimsoll …), or name another driver, postgres or mysql")

func newSQLite(dsn string) (dialect, error) { return &sqlite{dsn}, nil }

func (s *sqlite) place() string {
	if s.dsn == "" {
		return "a private file"
	}
	name, _, _ := strings.Cut(s.dsn, "?")
	return name
}

func (s *sqlite) secrets() []string { return nil }

func (s *sqlite) local() bool { return true }

// usual are the parameters of a private file: who finds it locked waits, and
// readers read while somebody writes.
const usual = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"

func (s *sqlite) open(options) (*opened, error) {
	if !sqliteHere {
		return nil, errAbsent
	}
	if s.dsn != "" {
		return &opened{connector: openSQLite(s.dsn)}, nil
	}
	folder, err := os.MkdirTemp("", "plimsoll-sqlite-")
	if err != nil {
		return nil, err
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(folder, "private.db"))}
	return &opened{
		connector: openSQLite(file.String() + usual),
		close:     func() { _ = os.RemoveAll(folder) },
	}, nil
}

func (s *sqlite) code(err error) string { return codeOfSQLite(err) }

func (s *sqlite) says(err error) string { return err.Error() }

func (s *sqlite) texts() bool { return false }

func (s *sqlite) prepares() bool { return true }

func (s *sqlite) malformed(error) bool { return false }

// inFolder is a dsn whose file's path counts from a folder.
func inFolder(dsn string, path func(string) string) string {
	name, parameters, given := strings.Cut(dsn, "?")
	name, isURI := strings.CutPrefix(name, "file:")
	switch {
	case name == "" || strings.HasPrefix(name, ":memory:") || strings.HasPrefix(name, "//") || strings.Contains(parameters, "mode=memory"):
		return dsn
	case isURI:
		name = "file:" + path(name)
	default:
		name = path(name)
	}
	if given {
		name += "?" + parameters
	}
	return name
}
