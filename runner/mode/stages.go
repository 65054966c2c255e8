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

func stages() key {
	one := setting.Object("a stage",
		setting.Key("target", "Where it goes to: a whole number of virtual users, or a rate.", setting.Located(LoadShape()), func(s *stage) *setting.At[string] { return &s.target }).Required(),
		setting.Key("duration", "How long it takes; 0s jumps.", setting.Located(setting.Duration()), func(s *stage) *setting.At[time.Duration] { return &s.duration }).Required(),
	)
	return keyed("stages", "Goes linearly from one target to the next: virtual users of concurrent, rates of rate-limited.", setting.List("stages", "begin each stage with a dash, `- target: …`", one))
}

func start() key {
	return keyed("start", "Where the first stage begins. Default 0.", LoadShape())
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

// way are the stages of a mode and where the first begins; report hears of
// targets that cannot be read.
func way[T any](d Draft, parse func(string) (T, error), report func(setting.Pos, error)) (from T, list []Stage[T]) {
	read := func(at setting.At[string]) (target T) {
		if !at.Valid {
			return target // reported already
		}
		v, err := parse(at.Value)
		if err != nil {
			report(at.Pos, err)
			return target
		}
		return v
	}
	if at := d.at("start"); at.Valid && d.at("stages").Given {
		from = read(setting.At[string]{Value: value[string](d, "start"), Pos: at.Pos, Valid: true})
	}
	for _, s := range value[[]stage](d, "stages") {
		list = append(list, Stage[T]{read(s.target), s.duration.Value})
	}
	return from, list
}

// ignore is for targets that checkStages has reported.
func ignore(setting.Pos, error) {}

// checkStages looks whether stages lead anywhere.
func checkStages[T comparable](r *setting.Reader, d Draft, word string, parse func(string) (T, error)) {
	at := d.at("stages")
	switch {
	case !at.Given:
		return
	case d.at(word).Given:
		r.Problem(at.Pos, "stages take the place of the one value: write `mode: %s` beside them", word)
		return
	}
	ok := at.Valid
	from, list := way(d, parse, func(at setting.Pos, err error) {
		r.Problem(at, "%v", err)
		ok = false
	})
	var none T
	zero, total := from == none, time.Duration(0)
	for _, s := range list {
		total = min(total, quantity.Longest) + s.Duration
		zero = zero && s.Target == none
	}
	switch {
	case total > quantity.Longest:
		r.Problem(at.Pos, "the stages together are longer than 100 years")
	case ok && total == 0:
		r.Problem(at.Pos, "the stages have no length: give one of them a duration above zero")
	case ok && zero:
		r.Problem(at.Pos, "no stage ever leaves zero, so no call would start: give one of them a target above zero")
	}
}
