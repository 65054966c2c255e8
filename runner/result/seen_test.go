package result

import (
	"reflect"
	"testing"
)

// Repetitions' errors are one: from the first of all to the last of all, with the
// calls that ended first; an older file, which does not tell, changes nothing of that.
func TestErrorsOfRepetitionsAreOne(t *testing.T) {
	call := func(at, took float64) Seen { return Seen{AtS: at, ResponseS: took, Class: "reset"} }
	a := Error{Count: 2, Example: "a", FirstS: 3, LastS: 9, Calls: []Seen{call(2, 1), call(2, 7)}}
	b := Error{Count: 5, Example: "b", FirstS: 1, LastS: 8, Calls: []Seen{call(0, 1), call(3, 1), call(7, 0.5)}}
	want := Error{Count: 7, Example: "a", FirstS: 1, LastS: 9, Calls: []Seen{call(0, 1), call(2, 1), call(3, 1)}}
	if got := a.and(b); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	older := Error{Count: 4, Example: "old"}
	for _, got := range []Error{b.and(older), older.and(b)} {
		if got.Count != 9 || got.FirstS != 1 || got.LastS != 8 || !reflect.DeepEqual(got.Calls, b.Calls) {
			t.Errorf("with an older file: %+v", got)
		}
	}
	if got := (Error{}).and(a); !reflect.DeepEqual(got, a) {
		t.Errorf("the first of all: %+v", got)
	}
}

// The slowest calls of a group are those of its repetitions that count.
func TestTheSlowestOfAGroup(t *testing.T) {
	trial := func(repeat int, ended Ending, seconds ...float64) Trial {
		t := Trial{Scenario: "s", Mode: "m", Repeat: repeat, Ended: ended}
		for _, s := range seconds {
			t.Slowest = append(t.Slowest, Seen{ResponseS: s, Number: uint64(repeat)})
		}
		return t
	}
	groups, err := Groups([]Trial{trial(0, Complete, 0.5, 0.3, 0.1), trial(1, Complete, 0.4, 0.3), trial(2, Interrupted, 9)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Seen{{ResponseS: 0.5}, {ResponseS: 0.4, Number: 1}, {ResponseS: 0.3}, {ResponseS: 0.3, Number: 1}, {ResponseS: 0.1}}
	if got := groups[0].Slowest(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
