package result

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/latency"
)

// batch is a trial of calls that took so long, all of them started at once.
func batch(repeat int, took ...time.Duration) Trial {
	t := trialOf("s", "concurrent", Point{Requests: len(took)}, repeat, took, nil)
	t.Requests, t.MakespanS = len(took), slices.Max(took).Seconds()
	ends := latency.NewEnds(len(took))
	for place, at := range took {
		ends.Record(uint64(place), at)
	}
	t.Completions = NewCompletions(ends)
	return t
}

// What run.json has of a batch is what docs say.
func TestCompletionsAsJSON(t *testing.T) {
	trial := batch(0, 3*time.Second, time.Second, 2*time.Second)
	got, err := json.Marshal(trial.Completions)
	if want := `{"first_s":1,"half_s":2,"last_s":3,"curve":[[0.3333333333333333,1],[0.6666666666666666,2],[1,3]],` +
		`"in_order":{"first_s":3,"half_s":3,"last_s":3,"curve":[[0.3333333333333333,3],[0.6666666666666666,3],[1,3]]}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	none, err := json.Marshal(NewCompletions(latency.NewEnds(3)))
	if want := `{"first_s":null,"half_s":null,"last_s":null,"curve":[],"in_order":{"first_s":null,"half_s":null,"last_s":null,"curve":[]}}`; err != nil || string(none) != want {
		t.Errorf("%s, %v", none, err)
	}
}

// A group has the means of its repetitions, of what each of them has.
func TestCompletionsOfRepetitions(t *testing.T) {
	short := batch(1, 2*time.Second, 5*time.Second, 3*time.Second)
	groups, err := Groups([]Trial{batch(0, 3*time.Second, time.Second, 2*time.Second), short})
	if err != nil {
		t.Fatal(err)
	}
	c := groups[0].Completions()
	for name, pair := range map[string][2]float64{
		"first": {*c.FirstS, 1.5}, "half": {*c.HalfS, 2.5}, "last": {*c.LastS, 4}, "as the makespan": {*c.LastS, groups[0].MakespanS},
		"first in order": {*c.InOrder.FirstS, 2.5}, "half in order": {*c.InOrder.HalfS, 4}, "last in order": {*c.InOrder.LastS, 4},
		"second mark": {c.Marks[1].AtS(), 2.5}, "its share": {c.Marks[1].Share(), 2.0 / 3},
	} {
		near(t, name, pair[0], pair[1])
	}
	short.Completions.HalfS, short.Completions.LastS, short.Completions.Marks = nil, nil, short.Completions.Marks[:1]
	short.Completions.InOrder = Curve{Marks: []Mark{}}
	if groups, err = Groups([]Trial{batch(0, 3*time.Second, time.Second, 2*time.Second), short}); err != nil {
		t.Fatal(err)
	}
	if c = groups[0].Completions(); c.FirstS == nil || c.HalfS != nil || c.LastS != nil || len(c.Marks) != 1 || c.InOrder.FirstS != nil {
		t.Errorf("of what one repetition lacks there is no mean: %+v", c)
	}
	short.Completions = nil
	if groups, err = Groups([]Trial{batch(0, time.Second, time.Second, time.Second), short}); err != nil || groups[0].Completions() != nil {
		t.Errorf("%+v, %v: one repetition does not tell", groups[0].Completions(), err)
	}
}

// What cannot be is found when a result is written, and when it is read.
func TestImpossibleCompletions(t *testing.T) {
	at := func(s float64) *float64 { return &s }
	for name, broken := range map[string]func(*Trial){
		"has a curve and no first_s":        func(t *Trial) { t.Completions.FirstS, t.Completions.HalfS, t.Completions.LastS = nil, nil, nil },
		"do not follow each other":          func(t *Trial) { t.Completions.HalfS = at(0.5) },
		"last_s do not follow each other":   func(t *Trial) { t.Completions.HalfS = nil },
		"curve[1]":                          func(t *Trial) { t.Completions.Marks[1][1] = 0.9 },
		"curve[2]":                          func(t *Trial) { t.Completions.Marks[2][0] = 1.1 },
		"in_order: curve[1]":                func(t *Trial) { t.Completions.InOrder.Marks[1][0] = 0.1 },
		"more calls in order":               func(t *Trial) { t.Completions.InOrder.FirstS = at(0.5) },
		"completions.curve[0][1] is -1":     func(t *Trial) { t.Completions.Marks[0][1] = -1 },
		"only batches":                      func(t *Trial) { t.Requests = 0 },
		"the last of 4 calls is there":      func(t *Trial) { t.Requests = 4 },
		"are there, and are not: no memory": func(t *Trial) { t.Completions.Why = "no memory" },
		"241 marks": func(t *Trial) {
			for i := range MostMarks + 1 {
				t.Completions.Marks = append(t.Completions.Marks[:i:i], Mark{float64(i+1) / 241, 3})
			}
		},
	} {
		trial := batch(0, 3*time.Second, time.Second, 2*time.Second)
		if err := trial.Check(); err != nil {
			t.Fatal(err)
		}
		broken(&trial)
		if err := trial.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v instead of %q", err, name)
		}
	}
}
