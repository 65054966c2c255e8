package view

import (
	"math"
	"testing"
)

// Steps of one level count alike, however many they are and whatever comes first.
func TestStepsOfALevelAreTheirMean(t *testing.T) {
	l := &levels{}
	for _, step := range [][2]float64{{1, 2}, {2, 3}, {2, 0}, {2, 0}, {2, 1}, {4, 8}, {4, 10}} {
		l.add(step[0], step[1])
	}
	for i, want := range [][2]float64{{1, 2}, {2, 1}, {4, 9}} {
		if i >= len(l.at) || l.at[i] != want[0] || math.Abs(l.value[i]-want[1]) > 1e-12 {
			t.Fatalf("%+v, want %v at %v", l, want[1], want[0])
		}
	}
	if len(l.at) != 3 {
		t.Errorf("%+v", l)
	}
}
