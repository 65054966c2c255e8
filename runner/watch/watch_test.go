package watch

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// ended is that so many calls of a second succeeded, and so many failed.
func ended(ok, failed int64) *verdict.Stretch {
	s := verdict.NewStretch()
	s.OK, s.Failed, s.InTime = ok, failed, ok
	s.Started, s.Scheduled = ok+failed, ok+failed
	if failed > 0 {
		s.Errors["timeout"] = result.Error{Count: failed}
	}
	for range ok {
		s.Response.Record(time.Millisecond)
	}
	return s
}

func rule(t testing.TB, text string) verdict.Rule {
	r, err := verdict.ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is what a loop tells of a second, at a look of its own.
type told struct {
	loop                  int
	second, at, ok, fails int64
}

// Whatever loop tells of a second, and however late, as long as that is within some
// looks, windows are those of calls that are heard of at once.
func TestLateCallsCountWhereTheyEnded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seconds := rapid.Int64Range(1, 40).Draw(rt, "seconds")
		loops := rapid.IntRange(1, 3).Draw(rt, "loops")
		promise := Promise{
			Rule:  rule(t, rapid.SampledFrom([]string{"errors < 20%", "rate > 3/s", "errors <= 0%", "rate < 9/s"}).Draw(rt, "rule")),
			Watch: verdict.Watch{Over: time.Duration(rapid.Int64Range(1, seconds).Draw(rt, "over")) * time.Second},
		}
		var all []told
		for s := range seconds {
			for l := range loops {
				for range rapid.IntRange(0, 2).Draw(rt, "pieces") {
					late := rapid.Int64Range(1, slack).Draw(rt, "late")
					all = append(all, told{l, s, s + late, rapid.Int64Range(0, 9).Draw(rt, "ok"), rapid.Int64Range(0, 3).Draw(rt, "failed")})
				}
			}
		}
		watched := func(late bool) result.Watched {
			j := New(loops, []Promise{promise})
			for at := int64(1); at <= seconds+slack; at++ {
				for l := range loops {
					for _, x := range all {
						if x.loop == l && (late && x.at == at || !late && x.second == at-1) {
							j.Take(0, x.second, ended(x.ok, x.fails))
						}
					}
					if at <= seconds { // what comes behind the last second is heard of when the loop is over
						j.Look(l, at, true)
					}
				}
			}
			for l := range loops {
				j.Over(l)
			}
			return j.Watched()[0]
		}
		if got, want := watched(true), watched(false); got != want {
			rt.Fatalf("%+v heard of late, %+v at once", got, want)
		}
	})
}

// A look waits for the last of several loops, and a stop comes with the first look
// at which the rule is broken; what is heard of later does not undo it.
func TestStopsWithTheLastLoop(t *testing.T) {
	j := New(2, []Promise{
		{Rule: rule(t, "errors < 50%"), Watch: verdict.Watch{Stop: true, After: 2 * time.Second}},
		{Rule: rule(t, "errors < 50%"), Watch: verdict.Watch{Over: time.Second}},
	})
	j.Take(0, 0, ended(0, 5))
	var looks []string
	look := func(loop int, at int64) {
		if b := j.Look(loop, at, true); b != nil {
			looks = append(looks, fmt.Sprintf("%d of loop %d: %s", at, loop, b.Reason()))
		}
	}
	look(0, 1)
	look(1, 1) // broken, but that is before the first look
	look(0, 2)
	look(0, 3)
	look(1, 2)
	look(1, 3)
	if want := []string{"2 of loop 1: stop: errors < 50% was broken at 2 s"}; !slices.Equal(looks, want) {
		t.Errorf("%q, want %q", looks, want)
	}
	j.Take(0, 0, ended(100, 0))
	j.Over(0)
	j.Over(1)
	w := j.Watched()
	if !w[0].Broken || w[0].WorstAtS != 2 || w[0].Measured != 1 {
		t.Errorf("what stopped the trial is %+v", w[0])
	}
	if w[1].Broken || w[1].WorstAtS != 1 || w[1].Measured != 5.0/105 {
		t.Errorf("the window is %+v", w[1])
	}
}

// Of windows that are alike but for the last digit of a float the first is the worst.
func TestTheFirstOfWindowsAlike(t *testing.T) {
	j := New(1, []Promise{{Rule: rule(t, "goodput(2ms) > 1/s"), Watch: verdict.Watch{Over: 5 * time.Second}}})
	for n := range int64(40) { // a good one in every 5 s, and more and more slow ones
		s := ended(1, 0)
		s.OK, s.InTime, s.Started, s.Scheduled = n+1, n+1, n+1, n+1
		for range n {
			s.Response.Record(time.Second)
		}
		j.Take(0, 5*n, s)
		for at := 5*n + 1; at <= 5*n+5; at++ {
			j.Look(0, at, true)
		}
	}
	if w := j.Watched()[0]; w.WorstAtS != 5 || !w.Broken {
		t.Errorf("the worst is %+v", w)
	}
}

// A time in which nothing happens, however long, costs no looks: those that would
// come see what the last one saw.
func TestQuietTimesAreSkipped(t *testing.T) {
	const year = 365 * 24 * 3600
	j := New(1, []Promise{{Rule: rule(t, "rate >= 2/s"), Watch: verdict.Watch{Over: 5 * time.Second, Stop: true}}})
	j.Take(0, 0, ended(20, 0))
	var quiet int64
	for at := int64(1); j.Next() == at; at++ {
		j.Look(0, at, false)
		quiet = at
	}
	if quiet < 6 || quiet > 8 {
		t.Errorf("quiet from %d s on", quiet)
	}
	j.Take(0, 100*year, ended(4, 0))
	b := j.Look(0, 100*year+1, false)
	if b == nil || b.At != 100*year+1 {
		t.Errorf("broken is %+v", b)
	}
	if w := j.Watched()[0]; w.Measured != 0.8 || w.WorstAtS != 100*year+1 {
		t.Errorf("saw %+v", w)
	}
}

// Whether something was under way is told of each second by each loop, whichever is
// ahead.
func TestLoopsAheadTellOfTheirSeconds(t *testing.T) {
	for _, ahead := range []int{0, 1} {
		j := New(2, []Promise{{Rule: rule(t, "rate > 1/s"), Watch: verdict.Watch{Over: time.Second}}})
		for at := int64(1); at <= 6; at++ {
			if at == 1 || at == 4 {
				j.Take(0, at-1, ended(9, 0))
			}
			j.Look(ahead, at, at == 5) // nothing comes back but in the first second and the fourth
		}
		for at := int64(1); at <= 6; at++ {
			j.Look(1-ahead, at, false)
		}
		if w := j.Watched()[0]; w.WorstAtS != 5 || w.Measured != 0 || !w.Broken {
			t.Errorf("with loop %d ahead: %+v", ahead, w)
		}
	}
	j := New(2, []Promise{{Rule: rule(t, "rate > 1/s"), Watch: verdict.Watch{Over: time.Second}}})
	j.Look(0, 1, false)
	j.Look(0, 2, true) // its first call begins in the second one
	if j.Look(1, 1, false); j.Watched()[0].Broken {
		t.Errorf("nothing was under way at 1 s: %+v", j.Watched()[0])
	}
}

// A rate over all so far falls in a time in which nothing happens: it is looked at
// when it may have come down to its limit, and seldom before.
func TestRatesFallInQuietTimes(t *testing.T) {
	for _, c := range []struct {
		rule   string
		broken int64 // 0: never
	}{
		{"rate >= 2/s", 151}, {"rate > 2/s", 150}, {"rate > 0.000003/s", 100_000_000}, {"rate >= 0.3/s", 1001}, {"goodput(2ms) >= 2/s", 151},
		{"rate > 0/s", 0}, {"rate >= 0/s", 0}, {"rate < 400/s", 0}, {"rate <= 300/s", 0}, {"p99 < 1s", 0},
	} {
		j := New(1, []Promise{{Rule: rule(t, c.rule), Watch: verdict.Watch{Stop: true}}})
		j.Take(0, 0, ended(300, 0))
		var b *Broken
		looks, at := 0, int64(1)
		for ; b == nil && at < math.MaxInt64; at = j.Next() {
			b = j.Look(0, at, false)
			if looks++; looks > 10 {
				t.Fatalf("%s: looks again and again, at %d s", c.rule, at)
			}
		}
		if c.broken == 0 && b != nil || c.broken > 0 && (b == nil || b.At != c.broken) {
			t.Errorf("%s: broken is %+v, want it at %d s", c.rule, b, c.broken)
		}
	}
}

// A rate of which nothing comes back is broken where something is under way, and is
// none where there are no calls.
func TestNothingComesBack(t *testing.T) {
	for _, underWay := range []bool{true, false} {
		j := New(1, []Promise{{Rule: rule(t, "rate > 1/s"), Watch: verdict.Watch{Over: 2 * time.Second}}, {Rule: rule(t, "p99 < 1s"), Watch: verdict.Watch{Over: 2 * time.Second}}})
		j.Take(0, 0, ended(9, 0))
		for at := int64(1); at < 9; at++ {
			j.Look(0, at, underWay)
		}
		w := j.Watched()
		if w[0].Broken != underWay || underWay && (w[0].Measured != 0 || w[0].WorstAtS != 3) || w[1].Broken || w[1].WorstAtS != 2 {
			t.Errorf("under way %t: %+v", underWay, w)
		}
	}
	j := New(1, []Promise{{Rule: rule(t, "p99 < 1s"), Watch: verdict.Watch{Over: 2 * time.Second}}})
	j.Take(0, 3, ended(0, 1))
	for at := int64(1); at < 9; at++ {
		j.Look(0, at, false)
	}
	if w := j.Watched()[0]; !w.Broken || w.Reason != "no call succeeded" || w.WorstAtS != 4 {
		t.Errorf("where all fail: %+v", w)
	}
}
