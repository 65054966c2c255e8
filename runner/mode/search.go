package mode

import (
	"plimsoll/target/setting"
)

// finding is the form whose loads a search goes through that is to find this:
// a word of result.Capacity's Find. One that could not be read is reported.
func finding(find string) (f form) {
	for _, option := range forms() {
		if option.finds == "" {
			continue
		}
		if f = option; f.finds == find {
			break
		}
	}
	return f
}

// CheckSearch tells whether a search can go through the mode, and reports why
// not. What it finds is not known where that could not be read.
func (d Draft) CheckSearch(r *setting.Reader, at setting.Pos, find setting.At[string]) bool {
	f, twice := d.said(r)
	if twice || f == nil || !find.Valid {
		return false // reported
	}
	stages := d.Stages()
	switch want := finding(find.Value).word; {
	case f.word != want:
		r.Problem(at, "to find the %s the mode must be %s: write `mode: %s`, or leave modes out", find.Value, want, want)
	case stages.Given:
		r.Problem(stages.Pos, "the search goes its own way and cannot follow stages, leave them out")
	case d.at(f.word).Given:
		r.Problem(at, "the search chooses the value: write `mode: %s` beside the other settings", f.word)
	default:
		return f.search == nil || !f.search(r, d)
	}
	return false
}

// Searched is the mode at the load that a search begins with. It is listed,
// because a search is a sweep: the mode's name has no value.
func (d Draft) Searched(find string, at setting.Pos, from string) Draft {
	d.word = setting.At[string]{}
	f := finding(find)
	load, _, _ := f.parse(from)
	one := setting.Several[any]{Items: []setting.At[any]{{Value: load, Pos: at, Given: true, Valid: true}}, Listed: true}
	d.put(f.word, setting.At[any]{Value: one, Pos: at, Given: true, Valid: true})
	return d
}

// At is a mode at a load that a search has chosen.
func At(m Mode, load float64) Mode {
	if s, ok := m.(Searchable); ok {
		return s.At(load)
	}
	return m
}

// ReadLoad reads a load of what a search is to find.
func ReadLoad(find, text string) (float64, error) {
	_, number, err := finding(find).parse(text)
	return number, err
}
