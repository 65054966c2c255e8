package data

import (
	"iter"

	"plimsoll/target/value"
)

// parts are what the commas of a well-formed list or object separate, without
// the blanks around: from where to where each goes.
func parts[T string | []byte](text T) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		level, from, to := 0, -1, 0
		for i := 0; i < len(text); {
			at := i
			i++
			switch c := text[at]; c {
			case ' ', '\t', '\n', '\r':
				continue
			case '"':
				i = pastString(text, at)
			case '[', '{':
				if level++; level == 1 {
					continue
				}
			case ']', '}':
				level--
			}
			if ends := level == 0 || level == 1 && text[at] == ','; ends {
				if from >= 0 && !yield(from, to) || level == 0 {
					return
				}
				from = -1
				continue
			}
			if from < 0 {
				from = at
			}
			to = i
		}
	}
}

// pastString is where a string ends that begins at a place.
func pastString[T string | []byte](text T, at int) int {
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// tooDeep is where what may be JSON is nested deeper than is read; -1: nowhere.
func tooDeep(text []byte) int {
	level := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = pastString(text, i) - 1
		case '[', '{':
			if level++; level > value.Deepest {
				return i
			}
		case ']', '}':
			level--
		}
	}
	return -1
}
