package result

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestCheckNamesTheBrokenLaw(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Run)
		says  string
	}{
		{"scheduled", func(r *Run) { r.Trials[1].Scheduled++ }, "trial 2: fetch-urls, concurrent-3, requests 5, repeat 0: scheduled 8 is not started 6 + dropped 1"},
		{"started", func(r *Run) { r.Trials[0].OK-- }, "trial 1: fetch-urls, sequential, requests 5, repeat 0: started 5 is not ok 2 + errors 2 + cancelled 0"},
		{"an error too many", func(r *Run) { r.Trials[0].Errors["reset"] = Error{Count: 1} }, "started 5 is not ok 3 + errors 3"},
		{"an error of no class", func(r *Run) { r.Trials[0].Errors[""] = Error{Count: 1} }, `errors has 1 of class ""`},
		{"an error that never was", func(r *Run) { r.Trials[0].Errors["reset"] = Error{} }, `errors has 0 of class "reset"`},
		{"held", func(r *Run) { r.Trials[0].HeldCalls = 6 }, "held_calls 6 is more than started 5"},
		{"response", func(r *Run) { r.Trials[0].Response.Count = 4 }, "response: count 4 is not the 3 calls it belongs to"},
		{"lateness", func(r *Run) { r.Trials[0].Lateness = Dist{} }, "lateness: count 0 is not the 5 calls"},
		{"figures of nothing", func(r *Run) { r.Trials[1].ErrorResponse.MaxS = 1 }, "error_response: has figures but no values"},
		{"no histogram", func(r *Run) { r.Trials[0].Held.HDR = "" }, "held: has 5 values but no hdr"},
		{"percentiles", func(r *Run) { r.Trials[0].Response.P99S = 0.5 }, "response: min, p50, p90, p95, p99, p99.9, max do not rise"},
		{"mean", func(r *Run) { r.Trials[0].Response.MeanS = 1.06 }, "cannot be of values from 1.04 to 1.05 s"},
		{"stddev", func(r *Run) { r.Trials[0].Response.StddevS = 0.02 }, "cannot be of values from 1.04 to 1.05 s"},
		{"elapsed", func(r *Run) { r.Trials[1].Elapsed.Count = 4 }, "elapsed: count 4 is not the 5 calls"},
		{"a step's begin", func(r *Run) { r.Trials[1].Steps[0].Begin = Dist{} }, "step buy/pay: begin: count 0 is not the 5 calls"},
		{"ended", func(r *Run) { r.Trials[0].Ended = "well" }, `ended is "well": it must be complete, stopped, interrupted or failed`},
		{"scenario", func(r *Run) { r.Trials[0].Scenario = "" }, "has no scenario"},
		{"mode", func(r *Run) { r.Trials[0].Mode = "" }, "has no mode"},
		{"two axes", func(r *Run) { r.Trials[0].Sweep.Concurrency = 2 }, "stands on 2 axes"},
		{"below zero", func(r *Run) { r.Trials[0].BytesIn = -1 }, "bytes_in is -1"},
		{"below zero, deep", func(r *Run) { r.Trials[1].Timeline[0].P50S = -1 }, "timeline[0].p50_s is -1"},
		{"below zero, in a map", func(r *Run) { r.Trials[1].MachineUse.GCs = -2 }, "machine_use.gcs is -2"},
		{"timeline sum", func(r *Run) { r.Trials[1].Timeline[0].Started = 5 }, "timeline adds up to scheduled 7, started 5, dropped 1, ok 5, errors 0; the whole says 7, 6, 1, 5, 0"},
		{"timeline order", func(r *Run) { r.Trials[1].Timeline = append(r.Trials[1].Timeline, Window{AtS: 1, WidthS: 1}) }, "timeline[1] from 1 s, 1 s wide, does not follow"},
		{"timeline width", func(r *Run) { r.Trials[1].Timeline[0].WidthS = 0 }, "timeline[0] from 0 s, 0 s wide"},
		{"failures by class", func(r *Run) { r.Trials[0].Timeline[0].ErrorsByClass["timeout"] = 2 }, "timeline[0]: errors_by_class adds up to 3, and errors is 2"},
		{"failures by another class", func(r *Run) {
			r.Trials[0].Timeline[0].ErrorsByClass = map[string]int64{"timeout": 2}
		}, "timeline: errors_by_class adds up to "},
		{"failures of no class", func(r *Run) { r.Trials[0].Timeline[0].ErrorsByClass = map[string]int64{"": 2} }, `timeline[0]: errors_by_class has 2 of class ""`},
		{"no failures of a class", func(r *Run) { r.Trials[0].Timeline[0].ErrorsByClass["reset"] = 0 }, `timeline[0]: errors_by_class has 0 of class "reset"`},
		{"the slowest in order", func(r *Run) { r.Trials[0].Slowest[1].ResponseS = 2.5 }, "slowest is not in order"},
		{"the slowest", func(r *Run) { r.Trials[0].Slowest[0].ResponseS = 2.5 }, "the slowest call took 2.5 s, and the longest response time is 2 s"},
		{"so many slowest", func(r *Run) { r.Trials[0].Slowest = r.Trials[0].Slowest[:4] }, "slowest has 4 calls, of 5 that ended"},
		{"too many slowest", func(r *Run) { r.Trials[1].Slowest = make([]Seen, 11) }, "slowest has 11 calls, more than 10"},
		{"more failures told of than there were", func(r *Run) {
			e := r.Trials[0].Errors["timeout"]
			e.Calls = append(e.Calls, e.Calls...)
			r.Trials[0].Errors["timeout"] = e
		}, "errors: timeout: tells of 2 calls, of 1"},
		{"another class told of", func(r *Run) { r.Trials[0].Errors["timeout"].Calls[0].Class = "reset" }, `errors: timeout: tells of a call of class "reset"`},
		{"the last before the first", func(r *Run) {
			e := r.Trials[0].Errors["timeout"]
			e.LastS = 4
			r.Trials[0].Errors["timeout"] = e
		}, "errors: timeout: the last ended at 4 s and the first at 4.08 s"},
		{"a step's failures", func(r *Run) { r.Trials[1].Steps[1].Errors["status-503"].Calls[0].Class = "" }, `step log in: errors: status-503: tells of a call of class ""`},
		{"timeline length", func(r *Run) { r.Trials[1].Timeline = make([]Window, 241) }, "241 windows, more than 240"},
		{"a queue's length", func(r *Run) { r.Trials[1].Queue.LengthMean = 2.5 }, "the queue's mean length is 2.5 and its longest 2"},
		{"connections", func(r *Run) { r.Trials[1].Connections = map[string]int64{"HTTP/2": 0} }, `0 connections were set up for "HTTP/2"`},
		{"handshakes", func(r *Run) { r.Trials[1].TLS = &TLS{Handshakes: 2, Resumed: 3} }, "of 2 handshakes 3 went on with a session"},
		{"a queue's consumers", func(r *Run) { r.Trials[1].Queue.ConsumersBusy = 1.25 }, "busy for 1.25 of the time"},
		{"a monitor's name", func(r *Run) { r.Trials[1].Monitor[0].Name = "" }, "monitor[0],  cores: has no name"},
		{"a series twice", func(r *Run) { r.Trials[1].Monitor[1] = r.Trials[1].Monitor[0] }, "monitor[1], server cores: is there twice"},
		{"a series' length", func(r *Run) { r.Trials[1].Monitor[0].Points = make([][2]float64, 241) }, "has 241 points, more than 240"},
		{"a series' order", func(r *Run) { r.Trials[1].Monitor[0].Points[1][0] = 0.5 }, "points[1] comes before the one in front of it"},
		{"a series' mean", func(r *Run) { r.Trials[1].Monitor[0].Mean = 1.5 }, "its mean 1.5 is above its highest 1"},
		{"a series below zero", func(r *Run) { r.Trials[1].Monitor[0].Points[1][1] = -1 }, "monitor[0].points[1][1] is -1"},
		{"twice", func(r *Run) { r.Trials = append(r.Trials, r.Trials[0]) }, "trial 3: fetch-urls, sequential, requests 5, repeat 0: is there twice"},
		{"speedup", func(r *Run) { r.Speedups[0].Baseline = "" }, "speedup 1: needs a scenario, a mode and a baseline"},
		{"interval", func(r *Run) { r.Speedups[0].High = 2 }, "speedup 1: ratio 2.9 is outside its interval, 2.7 to 2"},
		{"scaling", func(r *Run) { r.Scaling[0].Law = "moore" }, `scaling 1: law is "moore": it must be amdahl or usl`},
		{"scaling's axis", func(r *Run) { r.Scaling[1].Axis = AxisRate }, `scaling 2: axis is "rate_per_s": it must be requests, concurrency or vary`},
		{"scaling's place", func(r *Run) { r.Scaling[0].Mode = "" }, "scaling 1: needs a scenario and a mode"},
		{"scaling's interval", func(r *Run) { r.Scaling[0].Peak.Low = 93 }, "scaling 1: peak: 92.7 is outside its interval, 93 to 97.1"},
		{"scaling's share", func(r *Run) { r.Scaling[0].Serial = Value{Value: 1.5} }, "scaling 1: serial is 1.5, more than all"},
		{"scaling's criterion", func(r *Run) { r.Scaling[0].AICc = math.Inf(-1) }, "scaling 1: aicc is -Inf"},
		{"scaling's choice", func(r *Run) { r.Scaling[1].Chosen = true }, "scaling 2: is chosen and refused at once"},
		{"scaling below zero", func(r *Run) { r.Scaling[1].Crosstalk.Value = -1 }, "scaling 2: crosstalk.value is -1"},
		{"capacity", func(r *Run) { r.Capacities[0].Find = "speed" }, `capacity 1: needs a scenario, and find rate or concurrency, not "speed"`},
		{"capacity's bound", func(r *Run) { r.Capacities[0].Bound = "about" }, `capacity 1: bound is "about": it must be found, at-least or below`},
		{"capacity's interval", func(r *Run) { r.Capacities[0].Low = 1250 }, "capacity 1: value 1240 is outside its interval, 1250 to 1260"},
		{"capacity below zero", func(r *Run) { r.Capacities[0].Steps[1].P99S = -1 }, "capacity 1: steps[1].p99_s is -1"},
		{"capacity's verdict", func(r *Run) { r.Capacities[0].Steps[0].Verdict = "ok" }, `capacity 1: steps[0] has verdict "ok": it must be pass, fail or void`},
		{"capacity's promises", func(r *Run) { r.Capacities[0].Steps[0].Measured = nil }, "capacity 1: steps[0] measured 0 of 3 promises"},
		{"half a call in flight", func(r *Run) { r.Capacities[0].Find, r.Capacities[0].Steps[0].Level = FindConcurrency, 1.5 }, "capacity 1: steps[0] had 1.5 calls in flight"},
		{"verdict", func(r *Run) { r.Verdicts[0].Kind = "guess" }, `verdict 1: needs a scenario, and kind threshold or expect, not "guess"`},
		{"a published figure of a step", func(r *Run) { r.Verdicts[0].Step = "buy/pay" }, "verdict 1: is on the step buy/pay, and only a threshold can be"},
		{"recorded more than there was", func(r *Run) { r.Trials[1].Steps[0].Records["queue_ms"] = r.Trials[1].Held }, "step buy/pay: record queue_ms: count 6 is not the 5 calls"},
		{"gaps", func(r *Run) { r.Trials[1].Stream.Events++ }, "phase gap: count 6 is not the 7 calls"},
		{"gaps of no streams", func(r *Run) { r.Trials[1].Stream = nil }, "phase gap: count 6 is not the 0 calls"},
		{"more first events than calls", func(r *Run) { r.Trials[1].Phases[FirstEvent] = r.Trials[1].Held }, "phase first_event: count 6 is not the 5 calls"},
		{"more kept than there were", func(r *Run) { r.Trials[1].Goodput["gap < 1s"] = Kept{Calls: 6} }, `goodput: 6 calls kept "gap < 1s", of 5 successes`},
		{"a promise of nothing", func(r *Run) { r.Trials[1].Goodput[""] = Kept{} }, `goodput: 0 calls kept ""`},
		{"tokens below zero", func(r *Run) { *r.Trials[1].Stream.Tokens = -1 }, "stream.tokens is -1"},
		{"watched by no rule", func(r *Run) { r.Trials[1].Watched[1].Rule = "" }, "watched[1],  over 1s: has no rule"},
		{"watched and not seen", func(r *Run) { r.Trials[1].Watched[0].WorstAtS = 0 }, "watched[0], buy/pay: p99 < 300ms over 10s: tells of what nobody has seen"},
		{"watched within a second", func(r *Run) { r.Trials[1].Watched[1].WorstAtS = 7.5 }, "its worst window ends at 7.5 s, and windows end at whole seconds"},
		{"watched too early", func(r *Run) { r.Trials[1].Watched[0].WorstAtS = 4 }, "its worst window ends at 4 s, before the first look after 5 s"},
		{"watched before a whole window", func(r *Run) { r.Trials[1].Watched[0].AfterS, r.Trials[1].Watched[0].WorstAtS = 0, 9 }, "its worst window ends at 9 s, before the first look after 10 s"},
		{"watched behind the end", func(r *Run) { r.Trials[1].Whole = false }, "its worst window ends at 42 s, and the trial lasted 30 s"},
		{"watched behind the stop", func(r *Run) { r.Trials[1].StoppedAtS = 41 }, "its worst window ends at 42 s, and the trial was stopped at 41 s"},
		{"watched with a reason", func(r *Run) { r.Trials[1].Watched[1].Broken = false }, "watched[1], p99 < 1s over 1s: has a reason why there is no figure, and is not broken by that"},
		{"complete and stopped", func(r *Run) { r.Trials[1].Ended = Complete }, "is complete, and was stopped at 42.5 s"},
		{"stopped by nothing", func(r *Run) { r.Trials[1].Watched[0].Broken = false }, "was stopped at 42.5 s, and by none of what was watched"},
		{"beside", func(r *Run) { r.Trials[1].Beside[0].OK++ }, "trial 2: fetch-urls, concurrent-3, requests 5, repeat 0: beside: crawler, rate-limited-60/s, repeat 0: started 2 is not ok 3"},
		{"beside, below zero", func(r *Run) { r.Trials[1].Beside[1].BytesIn = -1 }, "beside[1].bytes_in is -1"},
		{"beside, another clock", func(r *Run) { r.Trials[1].Beside[0].Clock = "real" }, `repeat 0: has the clock "real" and the trial "virtual"`},
		{"beside, another repetition", func(r *Run) { r.Trials[1].Beside[1].Repeat = 1 }, "beside: report, concurrent-1, repeat 1: is beside repeat 0"},
		{"beside itself", func(r *Run) { r.Trials[1].Beside[0].Scenario = "fetch-urls" }, "beside: fetch-urls, rate-limited-60/s, repeat 0: is there twice"},
		{"beside twice", func(r *Run) { r.Trials[1].Beside[1].Scenario = "crawler" }, "beside: crawler, concurrent-1, repeat 0: is there twice"},
		{"beside what is beside", func(r *Run) { r.Trials[1].Beside[0].Beside = r.Trials[1].Beside[1:] }, "beside: crawler, rate-limited-60/s, repeat 0: has something beside itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := fullRun()
			c.spoil(run)
			if err := run.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}

// floats calls visit with every float of a value, to be changed.
func floats(v reflect.Value, path string, visit func(path string, x reflect.Value)) {
	switch v.Kind() {
	case reflect.Float64:
		visit(path, v)
	case reflect.Pointer:
		floats(v.Elem(), path, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				floats(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			floats(v.Index(i), path+"[]", visit)
		}
	}
}

func TestNoFloatEscapesTheCheck(t *testing.T) {
	run := fullRun()
	tried := 0
	floats(reflect.ValueOf(run), "run", func(path string, x reflect.Value) {
		sound := x.Float()
		defer x.SetFloat(sound)
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			x.SetFloat(bad)
			tried++
			if err := run.Check(); err == nil {
				t.Errorf("%v passes as %s", bad, path)
			}
		}
	})
	if tried < 3*100 {
		t.Errorf("only %d floats were tried", tried/3)
	}
}
