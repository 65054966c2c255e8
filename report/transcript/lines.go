package transcript

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Looks on a terminal.
const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

// longest is how much of a value is shown, in characters.
const longest = 300

// line writes a text, indented, on as many lines as it takes.
func (t *Transcript) line(depth int, look, text string) {
	t.write(2*depth, 2*depth+2, look, t.clean(text))
}

// mark writes a text behind a word, in a column of words.
func (t *Transcript) mark(depth int, word, text string) {
	const column = 9
	t.write(2*depth, 2*depth+column, "", fmt.Sprintf("%-*s%s", column, word, t.clean(text)))
}

// write writes a text from a column on, and from another one on what does not go
// into one line.
func (t *Transcript) write(indent, then int, look, text string) {
	if text == "" && t.blank {
		return
	}
	t.blank = text == ""
	var out strings.Builder
	for i, line := range wrap(text, t.Width, indent, then) {
		if i > 0 {
			indent = then
		}
		if line != "" {
			out.WriteString(strings.Repeat(" ", indent))
		}
		if t.Colour && look != "" && line != "" {
			line = look + line + plain
		}
		out.WriteString(line + "\n")
	}
	if _, err := t.to.Write([]byte(out.String())); t.err == nil {
		t.err = err
	}
}

// wrap cuts a text into lines that have room, at blanks where there are some.
func wrap(text string, width, indent, then int) (lines []string) {
	for {
		room := max(20, width-indent)
		if width <= 0 || utf8.RuneCountInString(text) <= room {
			return append(lines, text)
		}
		cut := len(string([]rune(text)[:room]))
		if blank := strings.LastIndexByte(text[:cut+1], ' '); blank > cut/2 {
			cut = blank
		}
		lines = append(lines, strings.TrimRight(text[:cut], " "))
		text, indent = strings.TrimLeft(text[cut:], " "), then
	}
}

// clip is the beginning of a text, and how much of it is left out.
func clip(text string, most int) string {
	runes := []rune(text[:min(len(text), 4*most+4)])
	if len(runes) <= most {
		return text
	}
	return fmt.Sprintf("%s … and %d more", string(runes[:most]), utf8.RuneCountInString(text)-most)
}

// quoted is a text in quotes where its end could not be told.
func quoted(text string) string {
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsAny(text, "\r\n\t") {
		return fmt.Sprintf("%q", text)
	}
	return text
}
