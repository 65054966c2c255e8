package mode

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// Stage goes linearly to its target: virtual users, or a rate.
type Stage[T any] struct {
	Target   T
	Duration time.Duration
}

// length is how long stages take together.
func length[T any](stages []Stage[T]) (total time.Duration) {
	for _, s := range stages {
		total += s.Duration
	}
	return total
}

// line is the way of stages, "0/s → 100/s in 30s → …"; "" where there are none.
func line[T any](start T, stages []Stage[T], text func(T) string) string {
	if len(stages) == 0 {
		return ""
	}
	var way strings.Builder
	way.WriteString(text(start))
	for _, s := range stages {
		fmt.Fprintf(&way, " → %s in %s", text(s.Target), quantity.Duration(s.Duration))
	}
	return way.String()
}

// stage is one as it was written; its target is a count or a rate.
type stage struct {
	target   setting.At[string]
	duration setting.At[time.Duration]
}

func stages() key[[]stage] {
	one := setting.Object("a stage",
		setting.Key("target", "Where it goes to: a whole number of virtual users, or a rate.", setting.Located(LoadShape()), func(s *stage) *setting.At[string] { return &s.target }).Required(),
		setting.Key("duration", "How long it takes; 0s jumps.", setting.Located(setting.Duration()), func(s *stage) *setting.At[time.Duration] { return &s.duration }).Required(),
	)
	return key[[]stage]{"stages", "Goes linearly from one target to the next: virtual users of concurrent, rates of rate-limited.", setting.List("stages", "begin each stage with a dash, `- target: …`", one)}
}

func start() key[string] {
	return key[string]{"start", "Where the first stage begins. Default 0.", LoadShape()}
}

// LoadShape is a load whose mode is not known yet: a number or a rate.
func LoadShape() setting.Shape[string] {
	shape := setting.Text("a whole number of virtual users, or a rate such as 100/s")
	shape.Schema = func() *jsonschema.Schema {
		s := setting.Spelled(quantity.CountPattern+"|"+quantity.RatePattern, "integer")
		s.Minimum = new(0.0)
		return s
	}
	return shape
}

// readStages are the stages of a mode and where the first begins, as far as
// their targets can be read; checkStages tells of the others.
func readStages[T any](d Draft, parse func(string) (T, error)) (from T, list []Stage[T]) {
	written := stages().of(d)
	if !written.Given {
		return from, nil
	}
	read := func(text string) (target T) {
		if v, err := parse(text); err == nil {
			target = v
		}
		return target
	}
	for _, s := range written.Value {
		list = append(list, Stage[T]{read(s.target.Value), s.duration.Value})
	}
	return read(start().of(d).Value), list
}

// checkStages looks whether stages lead anywhere.
func checkStages[T comparable](r *setting.Reader, d Draft, parse func(string) (T, error)) {
	written := stages().of(d)
	f, _ := d.form()
	switch {
	case !written.Given:
		return
	case d.given(f.word):
		r.Problem(written.Pos, "stages take the place of the one value: write `mode: %s` beside them", f.word)
		return
	}
	var none T
	length, zero, ok := time.Duration(0), true, written.Valid
	look := func(at setting.At[string]) {
		if !at.Valid {
			return // reported already
		}
		target, err := parse(at.Value)
		if err != nil {
			r.Problem(at.Pos, "%v", err)
			ok = false
		}
		zero = zero && target == none
	}
	look(start().of(d))
	for _, s := range written.Value {
		look(s.target)
		length = min(length, quantity.Longest) + s.duration.Value
	}
	switch {
	case length > quantity.Longest:
		r.Problem(written.Pos, "the stages together are longer than 100 years")
	case ok && length == 0:
		r.Problem(written.Pos, "the stages have no length: give one of them a duration above zero")
	case ok && zero:
		r.Problem(written.Pos, "no stage ever leaves zero, so no call would start: give one of them a target above zero")
	}
}
