// Package template is about texts with ${…} in them, which are filled in for
// every call: a path, a header, a body.
//
// It is read once. What its references stand for is whoever's who sends the
// call: the values come as a list, one for each reference, in order.
package template

import (
	"strings"

	"plimsoll/target/value"
)

// Template is a text with holes in it, each for the value of one reference.
type Template struct {
	parts  []part
	refs   []Ref // of Parse; those that a Holes numbers are its own
	source string
}

// part is some text and, behind it, a hole or none.
type part struct {
	text string
	hole int // the number of its value; none: -1
	raw  bool
	form form
}

// form is what is written of a value.
type form uint8

const (
	escaped  form = iota // escaped for where the template stands
	inString             // inside a string of JSON
	asJSON               // with its type
)

// Parse reads a text in which ${NAME}, ${NAME.FIELD} and so on stand for values;
// $$ is a dollar sign, and one before anything but { and $ stands for itself. Its
// holes are numbered from 0. Errors are an *Error.
func Parse(text string) (Template, error) {
	t := Template{source: text}
	err := t.parse(text, escaped)
	return t, err
}

// parse adds a text to the template.
func (t *Template) parse(text string, form form) error {
	whole := len(text)
	literal := func(s string) {
		if s == "" {
			return
		}
		if form != escaped {
			s = string(value.AppendInString(nil, s))
		}
		t.literal(s)
	}
	for {
		before, after, found := strings.Cut(text, "$")
		literal(before)
		switch {
		case !found:
			return nil
		case strings.HasPrefix(after, "{"):
			at := whole - len(after) - 1
			inner, rest, closed := cutBrace(after[1:])
			if !closed {
				return &Error{at, inner, "is not closed: write ${name}, and $${ for the characters themselves"}
			}
			ref, problem := parseRef(inner)
			if problem != "" {
				return &Error{at, inner, problem}
			}
			t.hole(ref, form)
			text = rest
		default:
			literal("$")
			text = strings.TrimPrefix(after, "$")
		}
	}
}

// literal adds text that is written as it is.
func (t *Template) literal(text string) {
	if last := len(t.parts) - 1; last >= 0 && t.parts[last].hole < 0 {
		t.parts[last].text += text
		return
	}
	t.parts = append(t.parts, part{text: text, hole: -1})
}

// hole adds a hole for a reference, behind the text there is.
func (t *Template) hole(ref Ref, form form) {
	last := len(t.parts) - 1
	if last < 0 || t.parts[last].hole >= 0 {
		t.parts = append(t.parts, part{})
		last++
	}
	p := &t.parts[last]
	p.hole, p.raw, p.form = len(t.refs), ref.Raw, form
	t.refs = append(t.refs, ref)
}

// cutBrace cuts at the } that closes a reference; one in quotes does not.
func cutBrace(text string) (inner, rest string, closed bool) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"' && (i == 0 || text[i-1] != '\\'):
			quoted = !quoted
		case text[i] == '}' && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// Refs are the references, in the order of the text.
func (t Template) Refs() []Ref { return t.refs }

// String is the template as it was written.
func (t Template) String() string { return t.source }

// Constant is the text of a template without holes.
func (t Template) Constant() (text string, ok bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].hole < 0:
		return t.parts[0].text, true
	}
	return "", false
}

// Whole is the hole of a template that is nothing but one reference, whose value
// keeps its type.
func (t Template) Whole() (hole int, ok bool) {
	if len(t.parts) == 1 && t.parts[0].text == "" && t.parts[0].hole >= 0 {
		return t.parts[0].hole, true
	}
	return 0, false
}

// Append writes the template out, with args[i] in hole i, escaped for where it
// stands; those that ask for it (${name|raw}) are not.
func (t Template) Append(dst []byte, args []value.Value, escape Escape) []byte {
	place := escape.first()
	for i := range t.parts {
		p := &t.parts[i]
		from := len(dst)
		dst = append(dst, p.text...)
		place = escape.behind(place, dst[from:])
		if p.hole < 0 {
			continue
		}
		v := args[p.hole]
		switch {
		case p.raw:
			from = len(dst)
			dst = v.Append(dst)
			place = escape.behind(place, dst[from:])
		case p.form == asJSON:
			dst = v.AppendJSON(dst)
		case p.form == inString:
			dst = value.AppendInString(dst, v.String())
		default:
			dst = place.append(dst, v.String())
		}
	}
	return dst
}

// Holes number the references of all texts of one call.
type Holes struct{ refs []Ref }

// Add numbers a template's holes behind those there are.
func (h *Holes) Add(t Template) Template {
	added := Template{parts: make([]part, len(t.parts)), refs: t.refs, source: t.source}
	for i, p := range t.parts {
		if p.hole >= 0 {
			p.hole += len(h.refs)
		}
		added.parts[i] = p
	}
	h.refs = append(h.refs, t.refs...)
	return added
}

// Parse is Parse and Add.
func (h *Holes) Parse(text string) (Template, error) {
	t, err := Parse(text)
	if err != nil {
		return t, err
	}
	return h.Add(t), nil
}

// Refs are what the holes stand for: argument i of a call is the value of
// reference i.
func (h *Holes) Refs() []Ref { return h.refs }
