//go:build linux

package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// A build that does 10 % more a second, on a machine whose speed changes from
// round to round: the ratio shows the one and not the other.
func TestBuildsAreComparedInTurns(t *testing.T) {
	speed, calls := 1.0, []string{}
	w := work{"w", func(program string) (float64, ran, error) {
		calls = append(calls, program)
		done := 1000 * speed
		if program == "new" {
			done *= 1.1
		}
		return done, ran{user: time.Second, system: time.Second, resident: 3 << 20}, nil
	}}
	var c compared
	for round := range 4 {
		speed *= 1.7
		if err := c.take(w, "old", "new", round%2 == 1); err != nil {
			t.Fatal(err)
		}
	}
	if order := strings.Join(calls, " "); order != "old new new old old new new old" {
		t.Errorf("measured %s", order)
	}
	table, err := (&lab{rounds: 4, seconds: 1}).beforeTable([]work{w}, []compared{c})
	if err != nil {
		t.Fatal(err)
	}
	if row := strings.Join(table.rows[0], " | "); !strings.HasSuffix(row, "1.100 | 1.100 … 1.100 | 3 | 3") {
		t.Error(row)
	}
	if without := c.ratio(2); math.Abs(without-1.1) > 1e-9 {
		t.Error(without)
	}
}
