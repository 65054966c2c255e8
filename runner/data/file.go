package data

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// mistake is what is wrong in a file of data, and in which line.
type mistake struct {
	line int // 0: all of it
	text string
}

func wrong(line int, format string, args ...any) *mistake {
	return &mistake{line, fmt.Sprintf(format, args...)}
}

// Error says it behind the file's name. No field is quoted: it may be a secret.
func (m *mistake) Error() string {
	if m.line == 0 {
		return ": " + m.text
	}
	return fmt.Sprintf(":%d: %s", m.line, m.text)
}

// formats are how files are read, by the endings of their names.
func formats() []format {
	return []format{
		{".csv", true, func(text []byte, columns []string) (table, *mistake) { return readCSV(text, columns) }},
		{".json", false, func(text []byte, _ []string) (table, *mistake) { return readList(text) }},
		{".jsonl", false, func(text []byte, _ []string) (table, *mistake) { return readLines(text) }},
	}
}

type format struct {
	ending string
	header bool // the first row names the columns, unless columns does
	read   func(text []byte, columns []string) (table, *mistake)
}

// formatOf is that of a file by its name.
func formatOf(name string) (format, bool) {
	for _, f := range formats() {
		if strings.EqualFold(filepath.Ext(name), f.ending) {
			return f, true
		}
	}
	return format{}, false
}

// decoded is a file as UTF-8, without the mark that spreadsheets put before it.
func decoded(text []byte) ([]byte, *mistake) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, wrong(1, "the file is UTF-16, save it as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, wrong(lineOf(text, notUTF8(text)), "this is no UTF-8 text, save the file as UTF-8")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, wrong(0, "the file is empty")
	}
	return text, nil
}

// notUTF8 is where a text ceases to be UTF-8.
func notUTF8(text []byte) int {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// lineOf is the line, from 1, in which a place of a text is.
func lineOf(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }
