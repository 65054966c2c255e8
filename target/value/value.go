// Package value says what journeys keep, put into texts and compare: a value is
// a text and what kind of thing it spells. Values come out of JSON, headers and
// rows of data, stay as they came, and are never computed with.
package value

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Kind is what kind of thing a value is.
type Kind uint8

const (
	None Kind = iota // there is nothing
	Null
	Bool
	Number
	Text
	List
	Object
)

// String names the kind for people: "a list".
func (k Kind) String() string {
	return [...]string{"nothing", "null", "true or false", "a number", "a text", "a list", "an object"}[k]
}

// Value is one value. Text is the text itself, a number as it came, true or
// false, or the JSON of a list or an object, which then is well-formed.
type Value struct {
	Kind Kind
	Text string
}

// Of is a text.
func Of(text string) Value { return Value{Text, text} }

// JSON is the value that a JSON text spells; of what is no JSON (Check says why)
// the kind is None. It keeps hold of raw.
func JSON(raw string) Value {
	v := parsed(gjson.Parse(raw))
	if v.Kind >= List {
		v.Text = strings.TrimSpace(raw)
	}
	if v.Kind == None || !WellFormed(raw) {
		return Value{}
	}
	return v
}

// parsed is the value of a part of well-formed JSON, as gjson has found it.
func parsed(r gjson.Result) Value {
	switch r.Type {
	case gjson.String:
		return Value{Text, r.Str}
	case gjson.Number:
		return Value{Number, r.Raw}
	case gjson.True, gjson.False:
		return Value{Bool, r.Raw}
	case gjson.JSON:
		if r.IsArray() {
			return Value{List, r.Raw}
		}
		return Value{Object, r.Raw}
	}
	if r.Raw == "" {
		return Value{}
	}
	return Value{Kind: Null}
}

// String is the value written out in a text: numbers as they came, lists and
// objects as JSON, null as that word.
func (v Value) String() string {
	if v.Kind == Null {
		return "null"
	}
	return v.Text
}

// Append appends String.
func (v Value) Append(dst []byte) []byte { return append(dst, v.String()...) }

// AppendJSON appends the value as JSON; nothing is null.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case None, Null:
		return append(dst, "null"...)
	case Text:
		return append(AppendInString(append(dst, '"'), v.Text), '"')
	}
	return append(dst, v.Text...)
}

// AppendInString appends a text as it stands inside a string of JSON. What is
// no UTF-8 becomes U+FFFD, since JSON has no other way to say it.
func AppendInString(dst []byte, text string) []byte {
	const digits = "0123456789abcdef"
	kept := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, text[kept:i]...), "\ufffd"...)
				kept = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, text[kept:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i++
		kept = i
	}
	return append(dst, text[kept:]...)
}
