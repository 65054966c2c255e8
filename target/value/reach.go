package value

import (
	"strconv"

	"github.com/tidwall/gjson"
)

// What a list has besides its members. Any is one drawn by chance.
const (
	Count = "count"
	First = "first"
	Last  = "last"
	Any   = "any"
)

// mostDigits is how long an index may be; no list is that long.
const mostDigits = 18

// Reach is a part of the value: a field of an object; a member of a list by its
// index from 0, its First, Last, or how many there are (Count).
func (v Value) Reach(name string) (Value, bool) {
	switch v.Kind {
	case Object:
		return found(gjson.Get(v.Text, gjson.Escape(name)))
	case List:
		return v.reachList(name)
	}
	return Value{}, false
}

func (v Value) reachList(name string) (Value, bool) {
	switch name {
	case Count:
		return Value{Number, strconv.Itoa(v.Len())}, true
	case First:
		return v.At(0)
	case Last:
		return v.At(v.Len() - 1)
	}
	if !IsIndex(name) {
		return Value{}, false
	}
	return found(gjson.Get(v.Text, name))
}

// IsIndex tells whether a name can be that of a list's member.
func IsIndex(name string) bool {
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return false
		}
	}
	return name != "" && len(name) <= mostDigits
}

func found(r gjson.Result) (Value, bool) {
	v := parsed(r)
	return v, v.Kind != None
}

// Follow reaches along a path. `any` draws one of n members, from 0, where the
// path asks for any of a list.
func (v Value) Follow(path []string, any func(n int) int) (Value, bool) {
	for _, name := range path {
		var ok bool
		if v.Kind == List && name == Any {
			n := v.Len()
			if n == 0 {
				return Value{}, false
			}
			v, ok = v.At(any(n))
		} else {
			v, ok = v.Reach(name)
		}
		if !ok {
			return Value{}, false
		}
	}
	return v, v.Kind != None
}

// Len is how many members a list has; 0 for what is none.
func (v Value) Len() int {
	n := 0
	v.each(func(Value) bool { n++; return true })
	return n
}

// At is a member of a list, by its index from 0.
func (v Value) At(index int) (Value, bool) {
	if v.Kind != List || index < 0 {
		return Value{}, false
	}
	return found(gjson.Get(v.Text, strconv.Itoa(index)))
}

// Members are a list's; none of what is no list.
func (v Value) Members() []Value {
	var all []Value
	v.each(func(m Value) bool { all = append(all, m); return true })
	return all
}

func (v Value) each(do func(Value) bool) {
	if v.Kind == List {
		gjson.Parse(v.Text).ForEach(func(_, member gjson.Result) bool { return do(parsed(member)) })
	}
}

// Texts are the texts and numbers in the value, in whatever depth.
func (v Value) Texts() []string { return v.appendTexts(nil) }

func (v Value) appendTexts(texts []string) []string {
	switch v.Kind {
	case Text, Number:
		return append(texts, v.Text)
	case List, Object:
		gjson.Parse(v.Text).ForEach(func(_, member gjson.Result) bool {
			texts = parsed(member).appendTexts(texts)
			return true
		})
	}
	return texts
}

// ListOf is the list of some values; nothing among them is null.
func ListOf(members []Value) Value {
	text := []byte{'['}
	for i, m := range members {
		if i > 0 {
			text = append(text, ',')
		}
		text = m.AppendJSON(text)
	}
	return Value{List, string(append(text, ']'))}
}
