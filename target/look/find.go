package look

import (
	"bytes"
	"strconv"
	"strings"
	"unsafe"

	"plimsoll/target/value"
)

// Find looks the operand up in an answer. What it returns shares no memory with
// the answer; false says that there is nothing.
func (o *Operand) Find(a *Answer) (value.Value, bool) {
	switch o.at {
	case status:
		return number(a.Status), a.Status != 0
	case body:
		return value.Of(string(a.Body)), true
	case bytesOf:
		return number(len(a.Body)), true
	case inJSON:
		return kept(o.path.find(view(a.Body)), a.Body)
	case header:
		return findHeader(a.Head, o.name)
	case cookie:
		return findCookie(a.Head, o.name)
	}
	if a.Fields == nil {
		return value.Value{}, false
	}
	return a.Fields.Field(o.Word(), o.name)
}

func number(n int) value.Value { return value.Value{Kind: value.Number, Text: strconv.Itoa(n)} }

// view is a text that shares the memory of some bytes.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// kept is what was found, with a text of its own where it is a view of the body.
func kept(v value.Value, body []byte) (value.Value, bool) {
	at := uintptr(unsafe.Pointer(unsafe.StringData(v.Text)))
	if begin := uintptr(unsafe.Pointer(unsafe.SliceData(body))); at >= begin && at < begin+uintptr(len(body)) {
		v.Text = strings.Clone(v.Text)
	}
	return v, v.Kind != value.None
}

// findHeader finds a header's value; several lines of one name are one, joined
// by commas.
func findHeader(head []byte, name string) (v value.Value, ok bool) {
	for line := range bytes.Lines(head) {
		found, is := headerValue(line, name)
		switch {
		case !is:
		case !ok:
			v, ok = value.Of(string(found)), true
		default:
			v.Text += ", " + string(found)
		}
	}
	return v, ok
}

// findCookie finds what the last Set-Cookie of that name sets.
func findCookie(head []byte, name string) (v value.Value, ok bool) {
	for line := range bytes.Lines(head) {
		set, is := headerValue(line, "Set-Cookie")
		if !is {
			continue
		}
		pair, _, _ := bytes.Cut(set, []byte{';'})
		if key, text, found := bytes.Cut(pair, []byte{'='}); found && string(bytes.TrimSpace(key)) == name {
			v, ok = value.Of(string(unquote(bytes.TrimSpace(text)))), true
		}
	}
	return v, ok
}

// unquote takes the quotes off that may stand around a cookie's value.
func unquote(b []byte) []byte {
	if last := len(b) - 1; last > 0 && b[0] == '"' && b[last] == '"' {
		return b[1:last]
	}
	return b
}

// headerValue is what stands in a header's line of that name.
func headerValue(line []byte, name string) ([]byte, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !strings.EqualFold(view(line[:len(name)]), name) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name)+1:]), true
}
