package runner

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
	"plimsoll/target"
)

// A call's line has its times as the laws have them: it was held until it
// began, its response counts from when it was due, its service from its start.
func TestCallsHaveTheirTimes(t *testing.T) {
	var out strings.Builder
	log := newCallLog(&out, &scenario.Plan{}, nil)
	observe := log.observer(scenario.Trial{Scenario: &scenario.Scenario{Name: "s"}, Mode: scenario.Mode{Name: "m"}, Repeat: 1})
	observe(&drive.Call{
		Number: 7, Intended: time.Second, Ready: 1500 * time.Millisecond, Start: 1600 * time.Millisecond, End: 5 * time.Second,
		Outcome: &target.Outcome{Held: 400 * time.Millisecond, Attempts: 3, Resent: 1, BytesIn: 20, BytesOut: 10},
	})
	observe(&drive.Call{Number: 8, End: time.Second, Outcome: &target.Outcome{Class: target.Reset}})
	if err := log.flush(); err != nil {
		t.Fatal(err)
	}
	want := callHeader + "\n" +
		"s,m,,2,7,1.000000000,2.000000000,5.000000000,0.900000000,4.000000000,3.000000000,ok,3,1,20,10\n" +
		"s,m,,2,8,0.000000000,0.000000000,1.000000000,0.000000000,1.000000000,1.000000000,reset,1,0,0,0\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
