// Package gallery holds scenario files to look at and to copy, and what they
// need beside them: what people do with concurrency, a file each.
package gallery

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed *.yaml *.py
var files embed.FS

// Entry is a scenario file of the gallery.
type Entry struct {
	Number int
	Name   string // without number and ending
	File   string
	Text   []byte
}

// python is what some entries call.
const python = "python3"

// About is what the file says of itself in its first line.
func (e Entry) About() string {
	first, _, _ := strings.Cut(string(e.Text), "\n")
	return strings.TrimPrefix(first, "# ")
}

// Programs are those that must be installed for all of its scenarios.
func (e Entry) Programs() []string {
	if strings.Contains(string(e.Text), "["+python+", ") {
		return []string{python}
	}
	return nil
}

// Entries are all of them, by number.
func Entries() ([]Entry, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	list := make([]Entry, len(names)) // in the order of their names, so of their numbers
	for i, file := range names {
		digits, name, _ := strings.Cut(strings.TrimSuffix(file, ".yaml"), "-")
		number, err := strconv.Atoi(digits)
		if err != nil {
			return nil, fmt.Errorf("%s does not begin with a number", file)
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		list[i] = Entry{Number: number, Name: name, File: file, Text: text}
	}
	return list, nil
}

// Unpack writes all files of the gallery to a folder.
func Unpack(dir string) error {
	names, err := fs.Glob(files, "*")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
