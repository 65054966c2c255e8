package kind

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"plimsoll/target"
	"plimsoll/target/random"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Own fills in the holes of the call that a target has of its own.
type Own struct {
	fill  []filler
	fixed []value.Value // nil: it is not the same for every call
	draws random.Key
	uuids random.Key
}

// filler is what one hole is filled with, for the call of a number.
type filler func(number uint64) value.Value

// Counted are the values that are a call's own, for targets too.
func Counted() []string { return []string{template.Iteration, template.UUID, template.Random} }

// Knows tells why a reference in a target's own call stands for nothing, given
// the values that a trial has; nil: it does.
func Knows(ref template.Ref, swept []string) error {
	if slices.Contains(Counted(), ref.Name) || slices.Contains(swept, ref.Name) && len(ref.Path) == 0 {
		return nil
	}
	return fmt.Errorf("${%s} is nothing that a target's own call can have%s; make a step of the call, where variables and data are", ref.Text, strings.TrimSuffix(setting.Suggest(ref.Name, append(Counted(), slices.Sorted(slices.Values(swept))...)), "?"))
}

// Own makes ready what fills in the holes of a call. Calls of the same number
// draw the same, whoever carries them; a UUID is new in every trial, unless its
// clock is virtual.
func (s Site) Own(c Call) (*Own, error) {
	o := &Own{draws: s.Streams.Key("the target's own call"), uuids: random.Key(rand.Uint64())}
	if s.Virtual {
		o.uuids = s.Streams.Key("uuids of the target's own call")
	}
	fixed := true
	for i, ref := range c.Refs() {
		f, varies := o.filler(ref, uint64(i), s.Values)
		if f == nil {
			return nil, Knows(ref, names(s.Values))
		}
		o.fill, fixed = append(o.fill, f), fixed && !varies
	}
	if fixed {
		o.fixed = o.args(0)
	}
	return o, nil
}

func names(values map[string]value.Value) (all []string) {
	for name := range values {
		all = append(all, name)
	}
	return all
}

// filler fills in a hole; nil: nothing can.
func (o *Own) filler(ref template.Ref, hole uint64, values map[string]value.Value) (f filler, varies bool) {
	switch ref.Name {
	case template.Iteration:
		return func(n uint64) value.Value { return whole(int64(n)) }, true
	case template.UUID:
		return func(n uint64) value.Value { return value.Of(random.UUID(o.uuids.Sub(n).Sub(hole))) }, true
	case template.Random:
		low, most := ref.Low, uint64(ref.High-ref.Low)
		return func(n uint64) value.Value { return whole(low + int64(o.draws.Sub(n).UpTo(hole, most))) }, true
	}
	v, known := values[ref.Name]
	if !known || len(ref.Path) > 0 {
		return nil, false
	}
	return func(uint64) value.Value { return v }, false
}

func whole(n int64) value.Value {
	return value.Value{Kind: value.Number, Text: strconv.FormatInt(n, 10)}
}

// Args are the values for a call. Whoever gets them must not write into them.
func (o *Own) Args(r *target.Request) []value.Value {
	if o.fixed != nil {
		return o.fixed
	}
	return o.args(r.Number)
}

func (o *Own) args(number uint64) []value.Value {
	all := make([]value.Value, len(o.fill))
	for i, f := range o.fill {
		all[i] = f(number)
	}
	return all
}
