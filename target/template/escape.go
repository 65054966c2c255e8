package template

import (
	"bytes"
	"strings"

	"plimsoll/target/value"
)

// Escape is where a template stands, which decides what of a value is escaped.
type Escape uint8

const (
	AsIs    Escape = iota // nothing is
	InPath                // a segment of a URL's path
	InQuery               // a name or a value of a URL's query: a blank is %20
	InForm                // one of an application/x-www-form-urlencoded body: a blank is +
	InJSON                // inside a string of JSON
	InURL                 // a path up to the first ?, a query behind it
	InShell               // a word of a shell's command line, in quotes of its own
)

// first is where a template begins.
func (e Escape) first() Escape {
	if e == InURL {
		return InPath
	}
	return e
}

// behind is where the template goes on behind some text of its own.
func (e Escape) behind(place Escape, text []byte) Escape {
	if e == InURL && place == InPath && bytes.IndexByte(text, '?') >= 0 {
		return InQuery
	}
	return place
}

// append writes a text out for a place.
func (e Escape) append(dst []byte, text string) []byte {
	switch e {
	case InPath:
		return appendPercent(dst, text, "-_.~$&+=:@", "%20")
	case InQuery:
		return appendPercent(dst, text, "-_.~", "%20")
	case InForm:
		return appendPercent(dst, text, "-_.~", "+")
	case InJSON:
		return value.AppendInString(dst, text)
	case InShell:
		dst = append(dst, '\'')
		dst = append(dst, strings.ReplaceAll(text, "'", `'\''`)...)
		return append(dst, '\'')
	}
	return append(dst, text...)
}

// Append writes a text out, escaped for a place.
func (e Escape) Append(dst []byte, text string) []byte { return e.first().append(dst, text) }

// appendPercent writes letters, digits and some marks as they are, and all other
// bytes as %XX.
func appendPercent(dst []byte, text, marks, blank string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(marks, c) >= 0:
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, blank...)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
