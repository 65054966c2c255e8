package template

// Escaped is the template with its own text escaped for a place, too: where all
// of it is one name or one value there.
func (t Template) Escaped(e Escape) Template {
	escaped := t
	escaped.parts = make([]part, len(t.parts))
	for i, p := range t.parts {
		p.text = string(e.Append(nil, p.text))
		escaped.parts[i] = p
	}
	return escaped
}
