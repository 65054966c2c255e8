package offset

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is one that stands apart from ours and goes faster by a share.
type clock struct {
	apart time.Duration
	drift float64
}

func (c clock) at(ours time.Duration) time.Duration {
	return ours + c.apart + time.Duration(math.Round(c.drift*float64(ours)))
}

// Whatever the ways take, each of them what it likes, the truth is within what is
// told, before the first round trip, between them, and long after.
func TestTruthIsWithinTheUncertainty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		there := clock{
			time.Duration(rapid.Int64Range(-1e13, 1e13).Draw(t, "apart")),
			rapid.Float64Range(-400e-6, 400e-6).Draw(t, "drift"),
		}
		var rounds Rounds
		now := time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "begin"))
		begin := now
		for range rapid.IntRange(1, 60).Draw(t, "rounds") {
			way := func(name string) time.Duration {
				return time.Duration(rapid.Int64Range(10e3, 50e6).Draw(t, name))
			}
			out, think, home := way("out"), way("think")/100, way("home")
			sent := now
			heard := sent + out
			answered := heard + think
			back := answered + home
			rounds.Add(Round{sent, there.at(heard), there.at(answered), back})
			now = back + time.Duration(rapid.Int64Range(0, 2e9).Draw(t, "pause"))
		}
		for _, at := range []time.Duration{begin, (begin + now) / 2, now, now + time.Minute} {
			e, ok := rounds.Estimate(at)
			if wrong := (e.Offset - (there.at(at) - at)).Abs(); !ok || wrong > e.Uncertainty+2*time.Nanosecond {
				t.Fatalf("at %v the offset is %v, told as %v ± %v", at, there.at(at)-at, e.Offset, e.Uncertainty)
			}
			if math.Abs(e.Drift-there.drift) > e.DriftUncertainty+1e-9 {
				t.Fatalf("the drift is %g, told as %g ± %g", there.drift, e.Drift, e.DriftUncertainty)
			}
		}
	})
}

// Of clocks 5 s apart that drift by 100 ppm a minute of round trips tells a great
// deal: to a part of the shortest round trip, and to a millionth.
func TestAMinuteTellsMuch(t *testing.T) {
	there := clock{5 * time.Second, 100e-6}
	var rounds Rounds
	for i := range 60 {
		sent := time.Duration(i) * time.Second
		heard := sent + time.Duration(50+i*37%200)*time.Microsecond
		back := heard + time.Duration(60+i*53%190)*time.Microsecond
		rounds.Add(Round{sent, there.at(heard), there.at(heard), back})
	}
	e, _ := rounds.Estimate(time.Minute)
	if e.Uncertainty > rounds.Least() || e.DriftUncertainty > 5e-6 {
		t.Errorf("%+v, the shortest round trip took %v", e, rounds.Least())
	}
	if len(rounds.above) > 30 || len(rounds.below) > 30 {
		t.Errorf("%d and %d bounds are kept of 60", len(rounds.above), len(rounds.below))
	}
}

// One round trip tells the offset to half its delay, and nothing of the drift.
func TestOneRound(t *testing.T) {
	var rounds Rounds
	if _, ok := rounds.Estimate(0); ok {
		t.Error("told something of nothing")
	}
	rounds.Add(Round{Sent: time.Second, Heard: 7*time.Second + time.Millisecond, Answered: 7*time.Second + 3*time.Millisecond, Back: time.Second + 6*time.Millisecond})
	e, ok := rounds.Estimate(time.Second + 3*time.Millisecond)
	if !ok || rounds.Least() != 4*time.Millisecond {
		t.Fatalf("%+v, %v", e, rounds.Least())
	}
	if d := (e.Offset - 6*time.Second + time.Millisecond).Abs(); d > 2*time.Millisecond || e.Uncertainty < 2*time.Millisecond || e.Uncertainty > 2100*time.Microsecond {
		t.Errorf("%+v", e)
	}
	if e.Drift != 0 || e.DriftUncertainty != MostDrift {
		t.Errorf("%+v", e)
	}
}

// A clock that was set meanwhile fits no line: what is told is as uncertain as that.
func TestClockThatWasSet(t *testing.T) {
	var rounds Rounds
	for i := range 10 {
		there := clock{apart: time.Duration(i/5) * 100 * time.Millisecond}
		sent := time.Duration(i) * time.Second
		rounds.Add(Round{sent, there.at(sent + time.Millisecond), there.at(sent + time.Millisecond), sent + 2*time.Millisecond})
	}
	if e, _ := rounds.Estimate(5 * time.Second); e.Uncertainty < 40*time.Millisecond {
		t.Errorf("%+v", e)
	}
}

// What cannot have been is left out.
func TestContradictions(t *testing.T) {
	var rounds Rounds
	rounds.Add(Round{Sent: 2, Back: 1})
	rounds.Add(Round{Heard: 2, Answered: 1, Back: 3})
	rounds.Add(Round{Heard: 1, Answered: 9, Back: 3})
	if rounds.Count() != 0 {
		t.Errorf("%d were taken", rounds.Count())
	}
}
