// Package plain makes texts harmless that came from elsewhere and that a person
// is to see: names, servers' messages, whole results. On a terminal some
// characters are orders: to move the cursor, to change its title, to show what
// follows backwards.
package plain

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Instead stands where something was that is not for people.
const Instead = utf8.RuneError

// Harmless tells whether a character only shows itself, or parts lines and
// columns: no control character of either set, none of direction, none that
// nothing can be seen of. The two joiners are left, which scripts and emoji
// need: they order nothing.
func Harmless(r rune) bool {
	const joiners = "\u200c\u200d"
	switch {
	case r == '\n' || r == '\t':
		return true
	case r < utf8.RuneSelf:
		return r >= ' ' && r < 0x7f
	case strings.ContainsRune(joiners, r):
		return true
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs)
}

// Text is a text with Instead in the place of every character that is not
// harmless, and of bytes that are none.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		if Harmless(r) {
			return r
		}
		return Instead
	}, s)
}

// formula is what a spreadsheet takes for the beginning of one.
const formula = "=+-@\t\r＝＋－＠"

// Cell is a text as it may stand in a table that a spreadsheet will read: what
// would be a formula begins with an apostrophe. A number is no text.
func Cell(s string) string {
	s = Text(s)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " "))
	if s == "" || !strings.ContainsRune(formula, first) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}

// Writer is what everything goes through that a person will see. Colours are
// passed on where Colour says so, and nothing else that begins like them.
type Writer struct {
	To     io.Writer
	Colour bool
	// JSON writes what is not harmless by its number (\u001b), as JSON may have it
	// within its texts, and other characters of that kind it has none.
	JSON bool

	mu   sync.Mutex
	torn []byte // the beginning of a character, or colour, that is not whole yet
}

// Write writes all of it, or tells an error.
func (w *Writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.torn, b...)
	out := make([]byte, 0, len(text)+16)
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 && !utf8.FullRune(text[at:]) {
			break
		}
		if r == 0x1b && w.Colour {
			n, whole := colour(text[at:])
			if !whole {
				break
			}
			if n > 0 {
				out = append(out, text[at:at+n]...)
				at += n
				continue
			}
		}
		out = w.append(out, r, text[at:at+size])
		at += size
	}
	w.torn = append([]byte(nil), text[at:]...)
	if _, err := w.To.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// append appends a character, or what stands in its place.
func (w *Writer) append(out []byte, r rune, as []byte) []byte {
	switch {
	case Harmless(r) && (r != utf8.RuneError || len(as) > 1):
		return append(out, as...)
	case !w.JSON || r == utf8.RuneError:
		return utf8.AppendRune(out, Instead)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return appendEscape(appendEscape(out, high), low)
	}
	return appendEscape(out, r)
}

func appendEscape(out []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(out, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// colour is the length of a colour that a text begins with; 0 where it is none
// of ours. Whole is false where more of the text would tell.
func colour(text []byte) (n int, whole bool) {
	for _, one := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"} {
		if strings.HasPrefix(string(text[:min(len(text), len(one))]), one) {
			return len(one), true
		}
		if len(text) < len(one) && strings.HasPrefix(one, string(text)) {
			return 0, false
		}
	}
	return 0, true
}

// Flush writes what was torn.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.torn) == 0 {
		return nil
	}
	w.torn = nil
	_, err := io.WriteString(w.To, string(Instead))
	return err
}

// Clip makes a text fit one line of at most size bytes.
func Clip(s string, size int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, string(Instead)), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(s) <= size {
		return s
	}
	const more = "…"
	end := size - len(more)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}
