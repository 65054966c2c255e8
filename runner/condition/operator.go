package condition

import (
	"strings"

	"plimsoll/target/value"
)

// operator is one of the words between the two sides.
type operator struct {
	word  string
	takes takes
	holds func(left, want value.Value) bool // for each value on the right, until one does
}

// takes is what stands on the right of an operator.
type takes uint8

const (
	one     takes = iota // a value
	nothing              // nothing
	list                 // a list of values
	pattern              // a regular expression
)

const (
	exists  = "exists"
	missing = "missing"
	in      = "in"
)

// operators are all there are; of two that begin alike the longer one is first.
var operators = []operator{
	{"==", one, equal},
	{"!=", one, func(l, w value.Value) bool { return value.Compare(l, w) != 0 }},
	{"<=", one, func(l, w value.Value) bool { return value.Compare(l, w) <= 0 }},
	{">=", one, func(l, w value.Value) bool { return value.Compare(l, w) >= 0 }},
	{"<", one, func(l, w value.Value) bool { return value.Compare(l, w) < 0 }},
	{">", one, func(l, w value.Value) bool { return value.Compare(l, w) > 0 }},
	{"contains", one, contains},
	{"matches", pattern, nil},
	{in, list, equal},
	{exists, nothing, nil},
	{missing, nothing, nil},
}

func equal(left, want value.Value) bool { return value.Compare(left, want) == 0 }

// contains looks for a member of a list, and for a part of any other text.
func contains(left, want value.Value) bool {
	if left.Kind != value.List {
		return strings.Contains(left.String(), want.String())
	}
	for _, member := range left.Members() {
		if equal(member, want) {
			return true
		}
	}
	return false
}

// Operators are the words of all operators.
func Operators() []string {
	words := make([]string, len(operators))
	for i, o := range operators {
		words[i] = o.word
	}
	return words
}

func find(word string) (operator, bool) {
	for _, o := range operators {
		if o.word == word {
			return o, true
		}
	}
	return operator{}, false
}
